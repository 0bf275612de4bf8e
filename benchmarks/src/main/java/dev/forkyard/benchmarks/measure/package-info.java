/** How ways of running jobs are measured against each other: in one run, in alternating rounds. */
@NullMarked
package dev.forkyard.benchmarks.measure;

import org.jspecify.annotations.NullMarked;
