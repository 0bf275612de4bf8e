package dev.forkyard.worker;

import java.io.Serializable;

/** A {@link Runnable} that a lambda can be, and that serializes with what it captures. */
@FunctionalInterface
public interface SerializableRunnable extends Runnable, Serializable {}
