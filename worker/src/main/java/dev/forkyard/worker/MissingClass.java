package dev.forkyard.worker;

import java.io.File;

/** Says of a class that a worker does not find where it looked, and what to do. */
final class MissingClass {

  private static final int TOLD_CHARS = 1_000;

  private MissingClass() {}

  static String explain(String className) {
    String path = System.getProperty("java.class.path", "");
    int entries = path.isEmpty() ? 0 : path.split(File.pathSeparator).length;
    String told = path.length() <= TOLD_CHARS ? path : path.substring(0, TOLD_CHARS) + " and so on";
    return "no class "
        + className
        + " on the worker's class path, which has "
        + entries
        + " entries ("
        + told
        + "); add what holds it, by classPath(...) of the pool's builder or --class-path of the command";
  }
}
