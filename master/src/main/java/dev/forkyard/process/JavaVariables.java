package dev.forkyard.process;

import java.util.List;

/** The environment variables that change what a JVM does. */
public final class JavaVariables {

  /**
   * An agent or a debug port of this JVM would collide with a child's, so a forked JVM inherits
   * none of them.
   */
  public static final List<String> NAMES =
      List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS");

  private JavaVariables() {}
}
