/** Child processes that lead a session of their own and never outlive this JVM. */
@NullMarked
package dev.forkyard.process;

import org.jspecify.annotations.NullMarked;
