/** {@code forkyard bench}: one command, one table. */
@NullMarked
package dev.forkyard.benchmarks.bench;

import org.jspecify.annotations.NullMarked;
