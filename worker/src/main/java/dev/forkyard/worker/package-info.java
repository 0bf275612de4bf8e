/** What the author of a job handler sees, and what runs in the worker JVM. */
@NullMarked
package dev.forkyard.worker;

import org.jspecify.annotations.NullMarked;
