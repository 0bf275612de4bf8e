package dev.forkyard.benchmarks.soak;

import dev.forkyard.benchmarks.measure.Jvm;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Reads the options of {@code forkyard soak}, and runs masters one after the other. */
@Command(
    name = "forkyard soak",
    sortOptions = false,
    description =
        "Tries the pool on this machine: mixed jobs, of which some throw, exit, hang, leak or fill"
            + " their heap, while workers are killed and stopped, pools resized and reloaded, and"
            + " now and then the whole program is killed. Then it counts: every job ended once, as"
            + " it should, and nothing is left. It touches no other process.",
    footer = {
      "",
      "The exit code is 1 if something was wrong; then its files are kept. A seed makes the same"
          + " plan again, though not the same moments."
    })
public final class Soak implements Callable<Integer> {

  private static final int WRONG_USAGE = 2;
  private static final Pattern DURATION = Pattern.compile("([0-9]{1,6})(s|m|h)");
  private static final int MOST_FAULTS = 50;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      description = "How long, such as 20s, 30m or 2h; by default 30m.")
  private String duration = "30m";

  @Option(names = "--seed", paramLabel = "N", description = "The plan's; by default a random one.")
  private long seed = new Random().nextLong(1_000_000);

  @Option(
      names = {"-w", "--workers"},
      paramLabel = "N",
      description = "Workers of each pool; by default 3.")
  private int workers = 3;

  private final Tally tally = new Tally();
  private final List<String> faults = new ArrayList<>();
  private int masters;
  private int killed;
  private long longestEndMillis;

  private Soak() {}

  /** Never returns; the exit code tells how it went. */
  public static void main(String[] args) {
    CommandLine commandLine = new CommandLine(new Soak());
    commandLine.setParameterExceptionHandler(
        (problem, given) -> {
          System.err.println("forkyard: " + problem.getMessage() + "; see forkyard soak --help");
          return WRONG_USAGE;
        });
    System.exit(commandLine.execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Duration all = parsed();
    if (!Files.isDirectory(Path.of("/proc/self/fd"))) {
      throw new ParameterException(
          spec.commandLine(), "a soak needs /proc, to see what is left; this system has none");
    }
    Path directory = Files.createTempDirectory("soak-");
    System.out.printf(
        Locale.ROOT, "soak of %s, seed %d, %d workers, in %s%n", all, seed, workers, directory);
    run(directory, all);
    System.out.print(report());
    if (faults.isEmpty()) {
      remove(directory);
    }
    return faults.isEmpty() ? 0 : 1;
  }

  private Duration parsed() {
    Matcher matcher = DURATION.matcher(duration);
    if (!matcher.matches()) {
      throw new ParameterException(
          spec.commandLine(), "--duration must be like 20s, 30m or 2h, but is '" + duration + "'");
    }
    if (workers < 1) {
      throw new ParameterException(
          spec.commandLine(), "--workers must be at least 1, but is " + workers);
    }
    return Duration.parse("PT" + matcher.group(1) + matcher.group(2).toUpperCase(Locale.ROOT));
  }

  /**
   * The first master ends by itself and the second is killed, however short it all is; of the
   * others about half are killed, and not the last.
   */
  private void run(Path directory, Duration all) throws Exception {
    Random random = new Random(seed);
    long end = System.nanoTime() + all.toNanos();
    long mean = Math.max(6, Math.min(150, all.toSeconds() / 4));
    while (end - System.nanoTime() > 0) {
      long left = TimeUnit.NANOSECONDS.toSeconds(end - System.nanoTime());
      long life = Math.max(3, mean / 2 + random.nextInt((int) mean));
      boolean kill = masters > 0 && random.nextInt(5) < (masters == 1 ? 5 : 2);
      boolean last = left < 2 * life;
      MasterRun master =
          new MasterRun(directory, random.nextLong(), last ? Math.max(1, left) : life, workers);
      book(master.run(kill && (!last || killed == 0)));
      System.out.printf(
          Locale.ROOT,
          "%s left: %d masters (%d killed), %,d jobs, %,d workers killed or stopped, %d faults%n",
          Duration.ofSeconds(Math.max(0, TimeUnit.NANOSECONDS.toSeconds(end - System.nanoTime()))),
          masters,
          killed,
          tally.jobs(),
          tally.count(Harm.Deed.KILL) + tally.count(Harm.Deed.STOP),
          faults.size());
    }
  }

  private void book(MasterRun.Result result) {
    masters++;
    killed += result.killed() ? 1 : 0;
    tally.add(result.tally());
    longestEndMillis = Math.max(longestEndMillis, result.endMillis());
    for (String fault : result.faults()) {
      faults.add("master " + masters + ": " + fault);
      if (faults.size() <= MOST_FAULTS) {
        System.out.println(faults.get(faults.size() - 1));
      }
    }
  }

  private String report() {
    StringBuilder text = new StringBuilder(tally.table());
    for (Harm.Deed deed : Harm.Deed.values()) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-11s%,10d%n",
              deed.name().toLowerCase(Locale.ROOT),
              tally.count(deed)));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "%d masters, of which %d were killed; all that they had started was gone %d ms after"
                + " each at most%n%s%n",
            masters,
            killed,
            longestEndMillis,
            faults.isEmpty()
                ? "every job ended once and as it should, and nothing is left"
                : faults.size() + " faults"));
    return text.toString();
  }

  private static void remove(Path directory) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        Files.delete(entry);
      }
    }
    Files.delete(directory);
  }

  static List<String> masterCommand(String... arguments) {
    return Jvm.command(List.of("-Xmx256m", "-XX:+UseSerialGC"), SoakMaster.class, arguments);
  }
}
