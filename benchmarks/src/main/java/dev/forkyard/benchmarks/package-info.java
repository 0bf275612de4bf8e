/** What a job costs in another process, against doing it in this one. */
@NullMarked
package dev.forkyard.benchmarks;

import org.jspecify.annotations.NullMarked;
