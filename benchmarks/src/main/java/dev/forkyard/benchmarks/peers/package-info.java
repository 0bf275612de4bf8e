/** The pool against pools of other makers and languages. */
@NullMarked
package dev.forkyard.benchmarks.peers;

import org.jspecify.annotations.NullMarked;
