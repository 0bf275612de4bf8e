/** The scheduler alone, without processes. */
@NullMarked
package dev.forkyard.benchmarks.scheduling;

import org.jspecify.annotations.NullMarked;
