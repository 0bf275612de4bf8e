package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.measure.Spread;

/** One measured number that stands for itself. */
record Figure(String group, String name, String unit, Spread value) {

  static Figure of(String group, String name, String unit, double value) {
    return new Figure(group, name, unit, new Spread(value, value, value));
  }
}
