package dev.forkyard.benchmarks.measure;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/** The median of some figures, and how far they lie apart. */
public record Spread(double median, double least, double most) {

  /** Of at least one figure. */
  public static Spread of(DoubleStream figures) {
    double[] sorted = figures.toArray();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    double median =
        sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    return new Spread(median, sorted[0], sorted[sorted.length - 1]);
  }
}
