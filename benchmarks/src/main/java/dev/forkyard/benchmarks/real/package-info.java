/** Work on real data, not only echoes. */
@NullMarked
package dev.forkyard.benchmarks.real;

import org.jspecify.annotations.NullMarked;
