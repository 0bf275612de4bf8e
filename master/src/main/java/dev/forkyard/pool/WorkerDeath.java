package dev.forkyard.pool;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * What is known about the end of a worker process.
 *
 * @param exitCode as the JDK reports it, negative where it is not known
 * @param signal the signal's name, where one ended it
 * @param crashReport the path of the JVM's crash report, where it wrote one
 */
record WorkerDeath(
    int exitCode,
    @Nullable String signal,
    boolean outOfMemory,
    String outputTail,
    @Nullable String crashReport)
    implements Serializable {}
