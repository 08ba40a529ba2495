// Package quantile estimates the quantiles of the values of the last minutes, of many series.
//
// A quantile q of n values is the value of rank q*n in their order. Each [Targets] names quantiles with the error that
// is allowed, as a share of n: the estimate is a value whose rank is off by no more than that. This holds for any
// values in any order, as long as none of them is NaN.
//
// It is the algorithm of Cormode, Korn, Muthukrishnan and Srivastava, "Effective Computation of Biased Quantiles over
// Data Streams", with the bounds of Greenwald and Khanna for the ranks of what is inserted.
package quantile
