package dev.forkyard.worker;

import java.io.Serializable;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A {@link Callable} that a lambda can be, and that serializes with what it captures.
 *
 * @param <T> the result
 */
@FunctionalInterface
public interface SerializableCallable<T extends @Nullable Object>
    extends Callable<T>, Serializable {}
