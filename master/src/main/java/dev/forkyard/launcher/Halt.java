package dev.forkyard.launcher;

/**
 * When a batch ends before its inputs do, since too much of it fails.
 *
 * @param failed at so many failed jobs; 0 is never
 * @param percent at such a share of failed ones among those that ended; 0 is never
 */
record Halt(long failed, int percent) {

  static final Halt NEVER = new Halt(0, 0);

  /** Before, a share says nothing. */
  private static final int LEAST_ENDED = 10;

  private static final int ALL = 100;

  /**
   * Reads {@code 1} or {@code 20%}.
   *
   * @throws IllegalArgumentException if it is neither
   */
  static Halt parse(String text) {
    if (text.matches("[1-9][0-9]{0,8}")) {
      return new Halt(Long.parseLong(text), 0);
    } else if (text.matches("[1-9][0-9]?%|100%")) {
      return new Halt(0, Integer.parseInt(text.substring(0, text.length() - 1)));
    }
    throw new IllegalArgumentException(
        "--halt must be a number of failed jobs such as 1, or a share such as 20%, but is '"
            + text
            + "'");
  }

  boolean isReached(Tally tally) {
    boolean many = failed > 0 && tally.failed() >= failed;
    boolean often =
        percent > 0
            && tally.ended() >= LEAST_ENDED
            && tally.failed() * ALL >= percent * tally.ended();
    return many || often;
  }
}
