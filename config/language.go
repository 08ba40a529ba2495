package config

// The language: the keys of every mapping of a rules file, and the words that
// some keys choose from. An enumeration's words stand in the order of its
// constants.
var (
	fileKeys        = []string{"defaults", "labels", "metrics", "series_limit", "ttl"}
	metricKeys      = []string{"action", "aggregate", "buckets", "classic", "condition", "count", "drop", "each", "exemplar", "fields", "first", "help", "init", "labels", "match", "match_regex", "max_age", "name", "native", "quantiles", "rule", "series_limit", "temporality", "timestamps", "ttl", "type", "unit", "value"}
	dropKeys        = []string{"condition", "drop", "fields", "match", "match_regex", "rule"}
	valueKeys       = []string{"from", "map", "parse", "scale"}
	labelKeys       = []string{"capture", "default", "from", "map", "max_length", "regex", "replacement"}
	groupKeys       = []string{"op", "rules"}
	comparisonKeys  = []string{"context", "field", "op", "value"}
	bucketKeys      = []string{"exponential", "linear"}
	exponentialKeys = []string{"count", "factor", "start"}
	linearKeys      = []string{"count", "start", "width"}
	nativeKeys      = []string{"factor", "max_buckets"}

	typeWords        = []string{Counter: "counter", Gauge: "gauge", Histogram: "histogram", Summary: "summary"}
	actionWords      = []string{Set: "set", Add: "add", Subtract: "subtract", Inc: "inc", Dec: "dec"}
	aggregateWords   = []string{Sum - 1: "sum", Min - 1: "min", Max - 1: "max", Count - 1: "count"}
	temporalityWords = []string{"delta", "cumulative"}
	parseWords       = []string{ParseNumber: "number", ParseDuration: "duration", ParseBytes: "bytes", ParsePercent: "percent", ParseTimestamp: "timestamp"}
	groupWords       = []string{"and", "or"}
	contextWords     = []string{"body", "metadata"}
	compareWords     = []string{Eq: "eq", Neq: "neq", Gt: "gt", Gte: "gte", Lt: "lt", Lte: "lte", In: "in", NotIn: "not_in", Regex: "regex", NotRegex: "not_regex", Exists: "exists", NotExists: "not_exists"}
)

// typeKeys are the keys of a rule that only some types have.
var typeKeys = map[string][]Type{
	"temporality": {Counter},
	"action":      {Gauge},
	"aggregate":   {Gauge},
	"buckets":     {Histogram},
	"native":      {Histogram},
	"classic":     {Histogram},
	"count":       {Histogram},
	"quantiles":   {Summary},
	"max_age":     {Summary},
	"exemplar":    {Counter, Histogram},
}

// String returns the word of the rules language for t.
func (t Type) String() string { return typeWords[t] }
