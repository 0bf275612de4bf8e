/** The command line. */
@NullMarked
package dev.forkyard.launcher;

import org.jspecify.annotations.NullMarked;
