// Package quantile estimates quantiles of recent values for many series.
//
// The quantile q of n values is the value with rank q*n. Each [Targets] lists quantiles with their allowed errors, as
// fractions of n: the rank of the estimate is off by at most that much. This holds for any values in any order, except
// NaN.
//
// The algorithm is by Cormode, Korn, Muthukrishnan and Srivastava, "Effective Computation of Biased Quantiles over Data
// Streams", with the bounds of Greenwald and Khanna for the ranks of inserted values.
package quantile
