/** Child processes that never outlive this JVM unless they are to. */
@NullMarked
package dev.forkyard.process;

import org.jspecify.annotations.NullMarked;
