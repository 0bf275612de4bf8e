/** A long run of jobs under every kind of trouble, and the books that are kept of it. */
@NullMarked
package dev.forkyard.benchmarks.soak;

import org.jspecify.annotations.NullMarked;
