package dev.forkyard.launcher;

import java.util.OptionalLong;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** The progress bar on a terminal, or nothing elsewhere. */
final class Progress implements AutoCloseable {

  private static final int UPDATE_MILLIS = 200;

  /** Room for the ^C that a terminal shows at the cursor: a line that wraps is not erased. */
  private static final int FREE_COLUMNS = 3;

  private @Nullable ProgressBar bar;

  private Progress(@Nullable ProgressBar bar) {
    this.bar = bar;
  }

  static Progress none() {
    return new Progress(null);
  }

  /**
   * Shows a bar.
   *
   * @param total how many jobs there will be; negative if that is not known
   */
  static Progress show(Console console, int columns, long total) {
    return new Progress(
        new ProgressBarBuilder()
            .setTaskName("jobs")
            .setInitialMax(total)
            .setStyle(ProgressBarStyle.ASCII)
            .setUpdateIntervalMillis(UPDATE_MILLIS)
            .setConsumer(new OnConsole(console, columns - FREE_COLUMNS))
            .showSpeed()
            .build());
  }

  boolean shown() {
    return bar != null;
  }

  void step() {
    if (bar != null) {
      bar.step();
    }
  }

  /** Says for which job reading waits, if it does. */
  void waitingFor(OptionalLong job) {
    if (bar != null) {
      bar.setExtraMessage(job.isPresent() ? " waiting for job " + job.getAsLong() : "");
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }

  /** Draws the bar below the console's lines. */
  private static final class OnConsole implements ProgressBarConsumer {

    private final Console console;
    private final int columns;

    OnConsole(Console console, int columns) {
      this.console = console;
      this.columns = columns;
    }

    @Override
    public int getMaxRenderedLength() {
      return columns;
    }

    @Override
    public void accept(String rendered) {
      console.bar(rendered);
    }

    @Override
    public void close() {
      console.bar("");
    }
  }
}
