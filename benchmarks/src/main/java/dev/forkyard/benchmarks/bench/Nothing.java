package dev.forkyard.benchmarks.bench;

/** A JVM that has nothing to do. */
final class Nothing {

  private Nothing() {}

  /** Ends. */
  public static void main(String[] args) {}
}
