/** The process pool: jobs, deadlines, retries and the supervision of worker JVMs. */
@NullMarked
package dev.forkyard.pool;

import org.jspecify.annotations.NullMarked;
