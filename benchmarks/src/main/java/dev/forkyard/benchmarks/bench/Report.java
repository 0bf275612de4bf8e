package dev.forkyard.benchmarks.bench;

import dev.forkyard.benchmarks.measure.Latency;
import dev.forkyard.benchmarks.measure.Machine;
import java.time.Instant;
import java.util.List;

/**
 * All that was measured.
 *
 * @param othersCores cores that others kept busy meanwhile
 */
record Report(
    Instant started,
    double seconds,
    Machine machine,
    int workers,
    double othersCores,
    List<Comparison> comparisons,
    List<Latency> latencies,
    List<Figure> figures) {}
