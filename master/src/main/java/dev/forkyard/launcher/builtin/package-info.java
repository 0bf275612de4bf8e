/**
 * The handlers that come with the command line. They run in the workers, and know nothing but the
 * worker module.
 */
@NullMarked
package dev.forkyard.launcher.builtin;

import org.jspecify.annotations.NullMarked;
