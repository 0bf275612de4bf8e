/** Ways of running jobs: the pool, threads, and the limits that no pool passes. */
@NullMarked
package dev.forkyard.benchmarks.contender;

import org.jspecify.annotations.NullMarked;
