// Middle and spread of a few times.

/** The value below which `share` of the values lie, between neighbours where it falls between them. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
}

export const median = (values) => quantile(values, 0.5);

/** Number, median, least and interquartile range of times, in milliseconds. */
export function summary(times) {
  const spread = quantile(times, 0.75) - quantile(times, 0.25);
  return {
    n: times.length,
    ms_median: tenths(median(times)),
    ms_min: tenths(Math.min(...times)),
    ms_spread: tenths(spread),
  };
}

export const tenths = (value) => Math.round(value * 10) / 10;
