package config

// The language: the keys of each mapping of a rules file, and the words that some keys accept. rules/schema.json has
// the same for editors.

// mappingSpec describes a kind of mapping.
type mappingSpec struct {
	what    string // for messages
	example string
	keys    []string // sorted
}

var (
	fileSpec = &mappingSpec{"a mapping with the key metrics", smallestFile, []string{
		"defaults", "labels", "metrics", "received", "series_limit", "ttl",
	}}
	receivedSpec = &mappingSpec{"a rule", "{metric: 'node_scrape_*', drop: true}", []string{
		"buckets", "condition", "drop", "first", "help", "labels", "match", "match_regex", "max_lag", "metric", "metric_regex",
		"name", "rule", "series_limit", "snapshot", "temporality", "timestamps", "ttl", "type", "unit",
	}}
	metricSpec = &mappingSpec{"a rule", "{name: records_total, type: counter}", []string{
		"action", "aggregate", "bucket_counts", "buckets", "classic", "condition", "count", "drop", "each", "exemplar",
		"family_limit", "fields", "first", "help", "init", "labels", "match", "match_regex", "max_age", "max_increment",
		"name", "native", "quantiles", "reset", "rule", "series_limit", "sum", "temporality", "timestamps", "ttl", "type",
		"unit", "value", "window",
	}}
	valueSpec = &mappingSpec{"a field", "$bytes, or {from: $bytes, scale: 0.001}", []string{
		"base", "decimal", "default", "divide_by", "from", "invert", "layout", "length", "map", "max", "min", "minus",
		"optional", "parse", "pick", "plus", "regex", "replacement", "scale", "split", "thousands", "times", "timezone",
		"unit",
	}}
	labelSpec = &mappingSpec{"a label", "$status, or {from: $status, default: none}", []string{
		"capture", "case", "default", "from", "length", "map", "mask", "max_length", "regex", "replace", "replacement",
	}}
	replaceSpec    = &mappingSpec{"a replacement", "{regex: '[0-9]+', with: ':id'}", []string{"regex", "with"}}
	groupSpec      = &mappingSpec{"a condition", "{op: and, rules: [...]}", []string{"op", "rules"}}
	comparisonSpec = &mappingSpec{"a condition", "{field: $status, op: eq, value: 200}", []string{
		"context", "field", "op", "value",
	}}
	bucketSpec = &mappingSpec{"a list of upper bounds", "[0.1, 0.5, 1], or {exponential: {...}}", []string{
		"exponential", "linear",
	}}
	exponentialSpec  = &mappingSpec{"a mapping", "{start: 0.1, factor: 2, count: 10}", []string{"count", "factor", "start"}}
	linearSpec       = &mappingSpec{"a mapping", "{start: 0.1, width: 0.1, count: 10}", []string{"count", "start", "width"}}
	bucketCountsSpec = &mappingSpec{"a field with bucket counts", "$buckets, or {from: $buckets, bound_key: le}", []string{
		"bound_key", "bounds", "count_key", "cumulative", "from",
	}}
	resetSpec  = &mappingSpec{"a mapping", "{below: 0.5}, or {field: $start_time}", []string{"below", "field"}}
	nativeSpec = &mappingSpec{"a mapping", "{factor: 1.1, max_buckets: 160}", []string{"factor", "max_buckets"}}
)

// dropKeys are the keys of a rule with drop: true.
var dropKeys = []string{"condition", "drop", "fields", "match", "match_regex", "rule"}

// receivedDropKeys are the keys of a rule on metrics events with drop: true.
var receivedDropKeys = []string{"condition", "drop", "match", "match_regex", "metric", "metric_regex", "rule"}

// receivedSettings are the keys of a rule on metrics events that do not change which series it makes.
var receivedSettings = []string{"buckets", "help", "max_lag", "rule", "series_limit", "snapshot", "ttl"}

// typeKeys are the keys that only rules of some types have.
var typeKeys = map[string][]Type{
	"temporality":   {Counter, Histogram},
	"reset":         {Counter},
	"max_increment": {Counter, Histogram, Summary},
	"action":        {Gauge},
	"aggregate":     {Gauge},
	"window":        {Gauge},
	"buckets":       {Histogram},
	"native":        {Histogram},
	"classic":       {Histogram},
	"count":         {Histogram},
	"bucket_counts": {Histogram},
	"sum":           {Histogram},
	"quantiles":     {Summary},
	"max_age":       {Summary},
	"exemplar":      {Counter, Histogram},
}

// The words of each enumeration, in the order of its constants.
var (
	typeWords         = []string{Counter.String(), Gauge.String(), Histogram.String(), Summary.String()}
	receivedTypeWords = []string{Counter.String(), Gauge.String(), "untyped"}
	actionWords       = []string{Set: "set", Add: "add", Subtract: "subtract", Inc: "inc", Dec: "dec"}
	aggregateWords    = []string{Sum - 1: "sum", Min - 1: "min", Max - 1: "max", Count - 1: "count", Distinct - 1: "distinct"}
	temporalityWords  = []string{"delta", "cumulative"}
	parseWords        = []string{
		ParseNumber: "number", ParseDuration: "duration", ParseBytes: "bytes",
		ParsePercent: "percent", ParseTimestamp: "timestamp", ParseHex: "hex",
	}
	pickWords = []string{
		PickFirst - 1: "first", PickLast - 1: "last", PickMin - 1: "min", PickMax - 1: "max", PickSum - 1: "sum",
		PickEach - 1: "each",
	}
	caseWords    = []string{LowerCase - 1: "lower", UpperCase - 1: "upper"}
	lengthWords  = []string{LengthBytes - 1: "bytes", LengthRunes - 1: "runes"}
	unitWords    = []string{"s", "ms", "us", "ns"}
	operandWords = []string{Plus: "plus", Minus: "minus", Times: "times", DivideBy: "divide_by"}
	groupWords   = []string{"and", "or"}
	contextWords = []string{"body", "metadata"}
	compareWords = []string{
		Eq: "eq", Neq: "neq", Gt: "gt", Gte: "gte", Lt: "lt", Lte: "lte", In: "in", NotIn: "not_in",
		Regex: "regex", NotRegex: "not_regex", Exists: "exists", NotExists: "not_exists",
	}
)

// synonyms are the names of keys and words in other exporters and in the log_to_metrics filter of Fluent Bit.
var synonyms = map[string]string{
	"metric_name": "name", "metric_mode": "type", "metric_type": "type", "metric_description": "help",
	"description": "help", "desc": "help", "value_field": "value", "source": "value", "label_field": "labels",
	"add_label": "labels", "label": "labels", "bucket": "buckets", "tag": "match", "objectives": "quantiles",
	"native_histogram": "native", "conditions": "condition", "when": "condition", "where": "condition", "if": "condition",
	"filter": "condition", "expiry": "ttl", "kind": "type", "tags": "labels", "path": "metrics_path", "listen": "listen_address",
	"rules":        "rules_file",
	"idle_timeout": "ttl", "max_idle": "ttl", "limit": "series_limit", "operation": "action",
	"operator": "op", "field": "from", "id": "rule", "add": "plus", "subtract": "minus", "multiply_by": "times",
	"factor": "scale", "divide": "divide_by", "format": "layout", "time_format": "layout", "tz": "timezone",
	"delimiter": "split", "separator": "split", "fallback": "default",

	"==": "eq", "=": "eq", "equals": "eq", "!=": "neq", "ne": "neq", ">": "gt", ">=": "gte", "ge": "gte",
	"<": "lt", "<=": "lte", "le": "lte", "nin": "not_in", "=~": "regex", "~": "regex", "match": "regex", "!~": "not_regex",
	"increment": "inc", "decrement": "dec", "sub": "subtract", "timer": "histogram", "untyped": "gauge",
	"all": "and", "any": "or", "absolute": "cumulative", "keep": "first", "rename": "name", "metric": "name", "metric_match": "metric",
}
