package dev.forkyard.launcher;

/**
 * What the script found out about the terminal, since Java can't tell.
 *
 * @param columns the width of the terminal that the standard error is; 0 if it is none
 * @param output whether the standard output is a terminal too
 */
record Terminal(int columns, boolean output) {

  private static final int LEAST_COLUMNS = 20;

  static Terminal detect() {
    int columns = Integer.getInteger("forkyard.terminal.columns", 0);
    return new Terminal(
        columns == 0 ? 0 : Math.max(LEAST_COLUMNS, columns),
        Boolean.getBoolean("forkyard.terminal.output"));
  }
}
