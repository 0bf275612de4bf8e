/** The jobs that are measured. */
@NullMarked
package dev.forkyard.benchmarks.workload;

import org.jspecify.annotations.NullMarked;
