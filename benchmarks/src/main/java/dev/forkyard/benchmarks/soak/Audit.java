package dev.forkyard.benchmarks.soak;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Holds what the handlers of one master's jobs noted in their processes against what the futures
 * said in the master. It knows nothing of the pool but what it promises.
 */
final class Audit {

  /**
   * What is cancelled, or exceeds its time, may just be about to start, and where it runs already
   * on a busy machine its handler may not have got to its first line; later nothing of it may.
   */
  private static final long LATE_NANOS = 10_000_000_000L;

  private static final Ending[] ENDINGS = Ending.values();

  /** All that was noted of one job. */
  private static final class History {
    final List<Note> notes = new ArrayList<>();

    List<Note> all(Note.What what) {
      return notes.stream().filter(note -> note.what() == what).toList();
    }

    boolean has(Note.What what, int attempt) {
      return all(what).stream().anyMatch(note -> note.detail() == attempt);
    }
  }

  private final Map<Long, History> histories = new HashMap<>();
  private final List<String> faults = new ArrayList<>();
  private final Tally tally = new Tally();
  private boolean shutDown;

  /** In any order. */
  void add(Note note) {
    if (note.job() != 0) {
      histories.computeIfAbsent(note.job(), job -> new History()).notes.add(note);
    } else if (note.what() == Note.What.HARMED) {
      tally.add(Harm.Deed.of(note.which()));
    } else {
      shutDown = true;
    }
  }

  /**
   * What is wrong with it, a line each.
   *
   * @param killed whether the master was, so that its last jobs need not have ended
   */
  List<String> faults(boolean killed) {
    histories.forEach((job, history) -> examine(job, history, killed));
    return faults;
  }

  /** What there was, faults or not. */
  Tally tally() {
    return tally;
  }

  private void examine(long job, History history, boolean killed) {
    List<Note> submitted = history.all(Note.What.SUBMITTED);
    if (submitted.size() != 1) {
      faults.add("job " + job + " was submitted " + submitted.size() + " times");
      return;
    }
    JobKind kind = JobKind.of(submitted.get(0).which());
    String name = "job " + job + " (" + kind + ") ";
    examineAttempts(name, history, submitted.get(0).number());
    List<Note> ends = history.all(Note.What.ENDED);
    tally.submitted(kind, history.all(Note.What.STARTED).size());
    if (ends.size() > 1) {
      faults.add(name + "ended " + ends.size() + " times");
    } else if (!ends.isEmpty()) {
      Ending ending = ENDINGS[ends.get(0).which()];
      tally.ended(kind, ending);
      examineEnd(name, kind, history, ending, ends.get(0));
    } else if (killed) {
      tally.open(kind);
    } else {
      faults.add(name + "never ended");
    }
  }

  private void examineAttempts(String name, History history, int allowed) {
    boolean[] seen = new boolean[allowed + 1];
    for (Note start : history.all(Note.What.STARTED)) {
      int attempt = start.detail();
      if (attempt < 1 || attempt > allowed) {
        faults.add(name + "ran as attempt " + attempt + " where " + allowed + " were asked for");
      } else if (seen[attempt]) {
        faults.add(name + "ran twice as attempt " + attempt);
      } else {
        seen[attempt] = true;
      }
    }
  }

  private void examineEnd(String name, JobKind kind, History history, Ending ending, Note end) {
    int attempt = end.number();
    boolean returned = history.has(Note.What.RETURNED, attempt);
    boolean threw = history.has(Note.What.THREW, attempt);
    switch (ending) {
      case SUCCEEDED -> require(returned, name + "succeeded but did not run to its end");
      case FAILED -> require(threw, name + "failed but its handler did not throw");
      case REPLY_LOST -> require(returned || threw, name + "had ended, it was said, but had not");
      case CANCELLED -> examineCancelled(name, history, attempt);
      case REJECTED, EXPIRED -> requireNeverRan(name, history, ending);
      case WRONG -> faults.add(name + "ended in a way that nothing explains");
      default -> {}
    }
    boolean byItself = ending == Ending.SUCCEEDED || ending == Ending.FAILED;
    if (byItself || ending == Ending.TIMED_OUT || ending == Ending.EXPIRED) {
      require(kind.mayBe(ending), name + "must not end as " + ending);
    }
    require(ending != Ending.REJECTED || shutDown, name + "was rejected by a pool that was open");
    examineStarts(name, history, ending, end);
  }

  private void examineCancelled(String name, History history, int attempt) {
    boolean asked = !history.all(Note.What.CANCEL_ASKED).isEmpty();
    require(asked || shutDown, name + "was cancelled, but nobody asked for it");
    if (!asked && attempt == 0) {
      requireNeverRan(name, history, Ending.CANCELLED);
    }
  }

  private void requireNeverRan(String name, History history, Ending ending) {
    require(
        history.all(Note.What.STARTED).isEmpty(),
        name + "never started, it was said (" + ending + "), but it ran");
  }

  private void examineStarts(String name, History history, Ending ending, Note end) {
    boolean stopped = ending == Ending.CANCELLED || ending == Ending.TIMED_OUT;
    long latest = end.nanos() + (stopped ? LATE_NANOS : 0);
    for (Note start : history.all(Note.What.STARTED)) {
      require(
          start.nanos() - latest <= 0,
          name + "started attempt " + start.detail() + " after it had ended as " + ending);
      require(
          ending != Ending.SUCCEEDED || start.detail() <= end.number(),
          name + "ran again as attempt " + start.detail() + " though it had succeeded before");
    }
  }

  private void require(boolean holds, String fault) {
    if (!holds) {
      faults.add(fault);
    }
  }
}
