package dev.forkyard.launcher;

/** A class that someone may name by mistake. */
public final class NoHandler {}
