package dev.forkyard.benchmarks.soak;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/** How many jobs of which kind ended how, and what was done to their workers. */
final class Tally {

  private static final Ending[] ENDINGS = Ending.values();

  private final Map<JobKind, long[]> ended = new EnumMap<>(JobKind.class);
  private final Map<JobKind, Long> submitted = new EnumMap<>(JobKind.class);
  private final Map<JobKind, Long> runs = new EnumMap<>(JobKind.class);
  private final Map<JobKind, Long> open = new EnumMap<>(JobKind.class);
  private final Map<Harm.Deed, Long> deeds = new EnumMap<>(Harm.Deed.class);

  void submitted(JobKind kind, int attempts) {
    submitted.merge(kind, 1L, Long::sum);
    runs.merge(kind, (long) attempts, Long::sum);
  }

  void ended(JobKind kind, Ending ending) {
    ended.computeIfAbsent(kind, none -> new long[ENDINGS.length])[ending.ordinal()]++;
  }

  /** Neither ended nor lost to anybody: the master was killed. */
  void open(JobKind kind) {
    open.merge(kind, 1L, Long::sum);
  }

  void add(Harm.Deed deed) {
    deeds.merge(deed, 1L, Long::sum);
  }

  void add(Tally other) {
    other.submitted.forEach((kind, count) -> submitted.merge(kind, count, Long::sum));
    other.runs.forEach((kind, count) -> runs.merge(kind, count, Long::sum));
    other.open.forEach((kind, count) -> open.merge(kind, count, Long::sum));
    other.deeds.forEach((deed, count) -> deeds.merge(deed, count, Long::sum));
    other.ended.forEach((kind, counts) -> ended.merge(kind, counts.clone(), Tally::sum));
  }

  private static long[] sum(long[] one, long[] other) {
    Arrays.setAll(one, i -> one[i] + other[i]);
    return one;
  }

  long jobs() {
    return submitted.values().stream().mapToLong(Long::longValue).sum();
  }

  long runs() {
    return runs.values().stream().mapToLong(Long::longValue).sum();
  }

  long open() {
    return open.values().stream().mapToLong(Long::longValue).sum();
  }

  long count(Ending ending) {
    return ended.values().stream().mapToLong(counts -> counts[ending.ordinal()]).sum();
  }

  long count(Harm.Deed deed) {
    return deeds.getOrDefault(deed, 0L);
  }

  /** A line for each kind of job, and one for all. */
  String table() {
    StringBuilder text = new StringBuilder();
    text.append(String.format("%-11s%10s%10s", "", "submitted", "runs"));
    for (Ending ending : ENDINGS) {
      text.append(String.format("%11s", ending.name().toLowerCase(java.util.Locale.ROOT)));
    }
    text.append(String.format("%8s%n", "open"));
    for (JobKind kind : JobKind.values()) {
      long[] counts = ended.getOrDefault(kind, new long[ENDINGS.length]);
      line(
          text,
          kind.name().toLowerCase(java.util.Locale.ROOT),
          submitted.getOrDefault(kind, 0L),
          runs.getOrDefault(kind, 0L),
          counts,
          open.getOrDefault(kind, 0L));
    }
    long[] all = Arrays.stream(ENDINGS).mapToLong(this::count).toArray();
    line(text, "all", jobs(), runs(), all, open());
    return text.toString();
  }

  private static void line(
      StringBuilder text, String name, long jobs, long runs, long[] ended, long open) {
    text.append(String.format("%-11s%,10d%,10d", name, jobs, runs));
    for (long count : ended) {
      text.append(String.format("%,11d", count));
    }
    text.append(String.format("%,8d%n", open));
  }
}
