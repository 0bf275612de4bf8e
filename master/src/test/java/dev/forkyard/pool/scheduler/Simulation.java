package dev.forkyard.pool.scheduler;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;

/**
 * Drives a scheduler through one history, made from a seed, of workers that boot slowly or never,
 * die at any moment, freeze, lie, reply twice or never, on a virtual clock; and checks the promises
 * all the way.
 *
 * <p>The simulated workers keep an honest ledger of what they really did, against which every
 * outcome is held.
 */
final class Simulation {

  private static final long MILLIS = 1_000_000;
  private static final long SECONDS = 1_000 * MILLIS;
  private static final long MEMORY_LIMIT = 100;
  private static final long LEVEL = 100 * MILLIS;
  private static final int MAX_LAUNCHES = 5_000;
  private static final String[] LABELS = {null, "a", "b"};
  private static final String[] KEYS = {"k", "l", "m", "n"};

  /** How long one part of something large takes over the wire: well within every limit. */
  private static final long PART = 700 * MILLIS;

  /** Within this time of the last submission every history must have come to its end. */
  private static final long HORIZON = 1_200 * SECONDS;

  private record Event(long at, long sequence, Runnable action) {}

  private record Reply(long workerId, long jobId, int attempt, boolean forged) {}

  /** What the simulation knows of a job. */
  private static final class SimJob {
    /** It is what its worker is to do before all else. */
    boolean setUp;

    final JobSpec spec;
    final boolean hangs;
    final boolean kills;
    final boolean obeysInterrupt;
    final long runNanos;
    final int inputParts;
    final int resultParts;

    /** How often it tells of progress, and until when in its run; 0 is never. */
    final long progressEvery;

    final long progressUntil;
    Job<SimJob> job;
    Outcome outcome;
    long holder;
    boolean everHeld;
    int dequeued;
    int starts;
    int lastAttempt;
    long startedAt;
    long startedOn;
    boolean runningNow;
    boolean finished;
    boolean startedHere;
    boolean takenBack;
    boolean cancelledWhileQueued;
    boolean condemned;
    long submittedAt;

    /** How many jobs of other labels were handed out since one of its own was. */
    int passedBy;

    /** The same of those that the worker got that has its key. */
    int passedByThere;

    /** In how many turns jobs with keys went instead of those of its label. */
    int passedByKeys;

    long passedInTurn;

    boolean lingers;
    boolean left;
    boolean asked;

    /** When it was asked to end so that its neighbours live, in the attempt that began last. */
    long warnedAt;

    boolean warned;

    /** Its worker was asked to give it back since it was handed out last. */
    boolean askedBack;

    /** It came back from a worker that died, and has no other. */
    boolean bereaved;

    /** Its worker gave it back, and the answer was not read. */
    boolean givenBack;

    final boolean retriesFailures;
    long restUntil;
    long condemnedAt;
    long progressedThen;

    /**
     * A job.
     *
     * @param workerId for which alone it is; 0 if for any
     * @param keyed how many of ten jobs have a key
     */
    SimJob(Random random, long workerId, int keyed) {
      hangs = random.nextInt(12) == 0;
      kills = random.nextInt(10) == 0;
      obeysInterrupt = random.nextBoolean();
      runNanos =
          switch (random.nextInt(4)) {
            case 0 -> random.nextInt(200_000);
            case 1 -> random.nextInt(5_000_000);
            case 2 -> 20_000 + random.nextInt(100_000);
            default -> random.nextInt(400_000_000);
          };
      inputParts = random.nextInt(15) == 0 ? 1 + random.nextInt(12) : 0;
      resultParts = random.nextInt(15) == 0 ? 1 + random.nextInt(12) : 0;
      long timeout = random.nextInt(3) == 0 ? (1 + random.nextInt(300)) * MILLIS : 0;
      long queueTimeout = random.nextInt(6) == 0 ? (1 + random.nextInt(500)) * MILLIS : 0;
      int retries = random.nextInt(3) == 0 ? 1 + random.nextInt(3) : 0;
      long soft = random.nextInt(6) == 0 ? (1 + random.nextInt(200)) * MILLIS : 0;
      long stall = random.nextInt(6) == 0 ? (1 + random.nextInt(200)) * MILLIS : 0;
      progressEvery = random.nextInt(3) == 0 ? 0 : (1 + random.nextInt(100)) * MILLIS;
      progressUntil = random.nextInt(500) * MILLIS;
      retriesFailures = random.nextBoolean();
      long backoff = random.nextInt(3) == 0 ? (1 + random.nextInt(200)) * MILLIS : 0;
      spec =
          new JobSpec(
              timeout,
              soft,
              stall,
              queueTimeout,
              retries,
              random.nextInt(4) != 0 && workerId == 0,
              backoff,
              2 * backoff,
              random.nextInt(600_000),
              random.nextInt(3) == 0 && workerId == 0 ? random.nextInt(21) - 10 : 0,
              workerId != 0 ? null : LABELS[random.nextInt(2) * random.nextInt(LABELS.length)],
              workerId == 0 && random.nextInt(10) < keyed
                  ? KEYS[random.nextInt(KEYS.length)]
                  : null,
              workerId);
    }

    boolean waits(long now) {
      return outcome == null && holder == 0 && job != null && now > restUntil;
    }

    boolean warnable(long progressed, long now) {
      return outcome instanceof Outcome.Cancelled || overdue(progressed, now);
    }

    boolean warnedLongAgo(long now) {
      return warned && now - warnedAt >= 200 * MILLIS;
    }

    boolean expired(long now) {
      return spec.queueNanos() > 0 && now - submittedAt >= spec.queueNanos();
    }

    /** Whether its soft deadline passed, and that before any other. */
    boolean softDue(long progressed, long now) {
      long soft = startedAt + spec.softNanos();
      long run = spec.runNanos() == 0 ? Long.MAX_VALUE : startedAt + spec.runNanos();
      long stall = spec.stallNanos() == 0 ? Long.MAX_VALUE : progressed + spec.stallNanos();
      return spec.softNanos() > 0 && now >= soft && soft < Math.min(run, stall);
    }

    private boolean overdue(long progressed, long now) {
      return (spec.runNanos() > 0 && now - startedAt >= spec.runNanos())
          || (spec.stallNanos() > 0 && now - progressed >= spec.stallNanos());
    }

    /** When it last told of progress in the attempt that began last; its start if it never did. */
    long progressedAt(long now) {
      long ran = Math.min(now - startedAt, progressUntil);
      return progressEvery == 0 ? startedAt : startedAt + ran / progressEvery * progressEvery;
    }
  }

  /** A worker process as it really is. */
  private final class SimWorker {
    final long id;
    final int generation;
    final boolean boots;
    final boolean killedFromOutside = random.nextInt(strangers) == 0;
    final boolean beatsOn = random.nextInt(3) == 0;
    final boolean alike = random.nextInt(3) == 0;
    final boolean frozenFromBirth = random.nextInt(60) == 0;
    final boolean liesInReplies = random.nextInt(25) == 0;
    final boolean liesOnBoard = random.nextInt(60) == 0;
    final boolean claimsLateStart = random.nextInt(40) == 0;
    final boolean deafToRecall = random.nextInt(30) == 0;
    final boolean silentDump = random.nextInt(3) == 0;
    final boolean heedsTerm = random.nextBoolean();
    final boolean immortal = random.nextInt(40) == 0;
    final boolean socketHeldOpen = random.nextInt(30) == 0;
    final long bornAt = now;
    final ArrayDeque<Job<SimJob>> line = new ArrayDeque<>();
    final Map<Long, Integer> attempts = new HashMap<>();
    final List<Runnable> inSocket = new ArrayList<>();
    final List<SimSlot> slots = new ArrayList<>();
    boolean greeted;
    boolean greetingRead;
    boolean toldReady;
    boolean given;
    int givenJobs;
    long drainedAt;
    final long fresh = random.nextInt(fatWorkers) == 0 ? MEMORY_LIMIT + 1 : random.nextInt(80);
    final int leak = random.nextInt(3) == 0 ? random.nextInt(60) : 0;
    int started;
    boolean proven;
    long readyAt;
    boolean heavy;
    boolean onScales;
    boolean weighedOnce;
    long weighedAt;
    long reported;
    boolean mayShed;
    boolean shrunk;

    /** There were more than should be, since one need not be replaced any more. */
    boolean mayBeOneTooMany;

    boolean dismissed;
    boolean failedTrial;
    boolean overweightOnTrial;
    long lastGiven = -1;
    int held;
    long idleSince;
    boolean overweight;
    boolean recycle;
    long dueIdleSince = -1;
    boolean alive = true;
    boolean frozen;
    long frozenAt;
    boolean draining;
    boolean toldToEnd;
    boolean forgotten;
    boolean exitTold;
    boolean killTold;
    String cause;
    boolean endTold;
    long bytes;
    long crowdedSince = -1;
    long stuckSince = -1;
    long lastDelivery;
    long lastReceipt;
    long largeUntil;
    boolean sending;
    final List<Runnable> unsent = new ArrayList<>();

    /** When its end began, as far as the scheduler knows; -1 if it did not. */
    long endsAt = -1;

    SimWorker(long id, int generation) {
      this.id = id;
      this.generation = generation;
      for (int i = 0; i < config.slots(); i++) {
        slots.add(new SimSlot());
      }
      this.boots = !badGenerations.contains(generation) && random.nextInt(badBoots) != 0;
      if (boots) {
        long boot = random.nextInt(20) == 0 ? config.bootNanos() * 2 : random.nextInt(300_000_000);
        after(boot, this::greet);
      } else if (random.nextInt(3) != 0) {
        after(random.nextInt(200_000_000), this::die);
      }
      if (random.nextInt(6) == 0) {
        after(random.nextInt(1_500) * MILLIS, this::die);
      }
      if (random.nextInt(25) == 0) {
        after(random.nextInt(1_000) * MILLIS, this::freeze);
      }
      // A kill is what one that does not die is there for.
      if (random.nextInt(immortal ? 3 : 40) == 0) {
        after(
            random.nextInt(1_000) * MILLIS,
            () -> {
              if (greetingRead && !socketHeldOpen) {
                tellEnd();
              }
            });
      }
    }

    void freeze() {
      if (!frozen) {
        frozen = true;
        frozenAt = now;
      }
    }

    /** What it holds: more with each job that it started, where those leak. */
    long memory() {
      return fresh + (long) leak * started;
    }

    /** After its greeting, or after it was weighed. */
    void maybeReady() {
      if (!proven && readyViews().contains(id)) {
        check(
            limits.budgetBytes() == 0 || reported <= limits.budgetBytes(),
            "a worker that is larger than all may be");
        proven = true;
        proven(generation);
        readyAt = now;
        idleSince = now;
        everReady = true;
      }
    }

    /** Whether it has had no job for as long as it may while there are more than should be. */
    boolean idledOut() {
      return config.idleNanos() > 0 && held == 0 && now - idleSince >= config.idleNanos();
    }

    boolean overdue() {
      return proven
          && (heavy
              || recycle
              || generation != currentGeneration()
              || (limits.ageNanos() > 0 && now - readyAt >= limits.ageNanos()));
    }

    /** Whether it never showed that it works, and was not told to go. */
    boolean stillborn() {
      boolean infant = !given && endsAt - readyAt < SECONDS;
      return !over() && drainedAt == 0 && !dismissed && !overweight && (!proven || infant);
    }

    /** By chance, limits are a little less than they are said to be. */
    boolean mayBeDue() {
      return overdue()
          || mayShed
          || mayBeSpent()
          || (limits.ageNanos() > 0 && now - readyAt >= limits.ageNanos() - limits.ageNanos() / 8);
    }

    boolean mayBeSpent() {
      return limits.jobs() > 0 && givenJobs >= limits.jobs() - limits.jobs() / 8;
    }

    boolean honest() {
      return !liesInReplies && !liesOnBoard && !claimsLateStart;
    }

    void greet() {
      if (alive && !forgotten) {
        if (frozenFromBirth) {
          freeze();
        }
        greeted = true;
        deliver(
            () -> {
              greetingRead = true;
              scheduler.greeted(id, now);
              maybeReady();
            });
      }
    }

    /**
     * Sends something to the master: it arrives later, in order, also when the worker has died
     * meanwhile.
     */
    void deliver(Runnable frame) {
      if (sending) {
        unsent.add(frame);
        return;
      }
      inSocket.add(frame);
      lastDelivery = Math.max(now + random.nextInt(300_000), lastDelivery);
      at(lastDelivery, () -> read(1));
    }

    /**
     * Writes something large, part by part. What else is to be written waits, and all of it is lost
     * if the worker dies or freezes meanwhile.
     */
    void send(int parts, Runnable frame) {
      if (sending) {
        // Behind what another slot sends.
        frame.run();
      } else if (parts == 0) {
        frame.run();
      } else {
        sending = true;
        sendParts(parts, frame);
      }
    }

    private void sendParts(int parts, Runnable frame) {
      if (parts == 0) {
        sending = false;
        frame.run();
        unsent.forEach(this::deliver);
        unsent.clear();
        return;
      }
      after(
          PART,
          () -> {
            if (alive && !frozen) {
              scheduler.heard(id, now);
              sendParts(parts - 1, frame);
            }
          });
    }

    /** Something large comes from the master, part by part, before what is sent after it. */
    void receiveLarge(int parts) {
      long start = Math.max(now, lastReceipt);
      for (int i = 1; i <= parts; i++) {
        at(
            start + i * PART,
            () -> {
              if (alive && !frozen) {
                scheduler.heard(id, now);
              }
            });
      }
      if (parts > 0) {
        lastReceipt = start + parts * PART;
        largeUntil = lastReceipt;
      }
    }

    /** What the master sends arrives later, and in order. */
    void receive(int delayNanos, Runnable frame) {
      lastReceipt = Math.max(now + random.nextInt(delayNanos), lastReceipt);
      at(lastReceipt, frame);
    }

    void read(int frames) {
      for (int i = 0; i < frames && !inSocket.isEmpty() && !endTold; i++) {
        inSocket.remove(0).run();
      }
    }

    /** It ran on when its socket had ended: what runs now is not known to be next. */
    boolean replyLost() {
      return endTold && !inSocket.isEmpty();
    }

    void startNext() {
      if (sending) {
        return;
      }
      for (SimSlot slot : slots) {
        if (alive && !frozen && slot.current == null && !line.isEmpty() && !condemned()) {
          start(line.removeFirst(), slot);
        }
      }
      if (alive && !frozen && draining && !atWork() && line.isEmpty()) {
        after(random.nextInt(3_000_000), this::die);
      }
    }

    private void start(Job<SimJob> job, SimSlot slot) {
      SimJob sim = job.attachment();
      int attempt = attempts.get(job.id());
      slot.board = new Progress(Progress.State.RUNNING, run(job.id(), attempt), now, 0);
      slot.current = sim;
      sim.starts++;
      started++;
      sim.startedAt = now;
      sim.startedOn = id;
      sim.runningNow = true;
      sim.startedHere = true;
      sim.asked = false;
      sim.warned = false;
      // One that lies may have given it back before.
      check(
          !sim.cancelledWhileQueued || !honest(), "a job started that was cancelled in the queue");
      check(attempt > sim.lastAttempt || tainted(), "an attempt ran twice, of job ", job.id());
      check(attempt <= 1 + sim.spec.retries(), "more attempts than allowed");
      check(
          attempt == sim.starts || tainted(), "a start was not counted as an attempt, or too many");
      sim.lastAttempt = attempt;
      if (sim.kills) {
        after(
            random.nextInt((int) Math.max(1, sim.runNanos)),
            () -> dieWhileRunning(slot, sim, attempt));
      }
      if (!sim.hangs) {
        after(sim.runNanos, () -> finish(slot, sim, attempt));
      }
    }

    void dieWhileRunning(SimSlot slot, SimJob sim, int attempt) {
      if (slot.current == sim && sim.lastAttempt == attempt) {
        die();
      }
    }

    boolean atWork() {
      return slots.stream().anyMatch(slot -> slot.current != null);
    }

    boolean hasFreeSlot() {
      return slots.stream().anyMatch(slot -> slot.current == null);
    }

    /** The slot that says that it runs this; null if none does. */
    SimSlot running(long run) {
      for (SimSlot slot : slots) {
        if (slot.board.state() == Progress.State.RUNNING && slot.board.run() == run) {
          return slot;
        }
      }
      return null;
    }

    /** Its end begins, as the scheduler sees it. */
    void ends() {
      endsAt = endsAt < 0 ? now : endsAt;
    }

    /** One that is frozen tells of nothing more. */
    long progressedAt(SimJob sim) {
      return sim.progressedAt(frozen ? Math.max(frozenAt, sim.startedAt) : now);
    }

    boolean condemned() {
      return slots.stream().anyMatch(slot -> slot.board.state() == Progress.State.CONDEMNED);
    }

    boolean condemned(SimJob sim) {
      return slots.stream()
          .anyMatch(slot -> slot.board.state() == Progress.State.CONDEMNED && slot.current == sim);
    }

    void finish(SimSlot slot, SimJob sim, int attempt) {
      if (!alive
          || frozen
          || slot.current != sim
          || sim.lastAttempt != attempt
          || slot.board.state() == Progress.State.CONDEMNED) {
        return;
      }
      long jobId = sim.job.id();
      slot.board = new Progress(Progress.State.ENDED, run(jobId, attempt), 0, 0);
      sim.runningNow = false;
      sim.finished = true;
      slot.current = null;
      if (random.nextInt(40) == 0) {
        die();
        return;
      }
      send(
          sim.resultParts,
          () -> {
            reply(jobId, attempt, now - sim.startedAt, false);
            if (liesInReplies) {
              lie(jobId, attempt);
            }
            after(random.nextInt(20_000), this::startNext);
          });
    }

    void lie(long jobId, int attempt) {
      reply(jobId, attempt, 1, false);
      reply(999_999_999L, 1, 1, true);
      if (!jobs.isEmpty()) {
        SimJob other = jobs.get(random.nextInt(jobs.size()));
        if (other.holder != id) {
          reply(other.job.id(), 1, 1, true);
        }
      }
      deliver(() -> scheduler.dumped(id, 424_242, "dump of job 424242", now));
      if (random.nextInt(6) == 0) {
        deliver(this::giveBackUnasked);
      }
    }

    void giveBackUnasked() {
      boolean gone = forgotten || exitTold || toldToEnd;
      scheduler.returned(id, new long[] {424_242}, now);
      check(gone || toldToEnd, "a worker gave back what it was not asked for, and is kept");
    }

    void reply(long jobId, int attempt, long runNanos, boolean forged) {
      boolean ok = random.nextInt(5) != 0;
      Reply reply = new Reply(id, jobId, attempt, forged);
      deliver(
          () -> {
            SimJob sim = byId.get(jobId);
            boolean mine = sim != null && sim.holder == id;
            long dropped = scheduler.counts().dropped();
            scheduler.replied(id, jobId, ok, runNanos, reply, now);
            if (scheduler.counts().dropped() == dropped) {
              check(mine, "a reply was taken for a job that its worker had not");
              lastStillborn = Long.MIN_VALUE / 2;
              stillbornInRow = 0;
              killedInRow = 0;
              letGo(sim);
            }
          });
    }

    void letGo(SimJob sim) {
      bytes -= sim.spec.bytes();
      sim.holder = 0;
      held--;
      idleSince = now;
    }

    void die() {
      if (!alive) {
        return;
      }
      alive = false;
      for (SimSlot slot : slots) {
        if (slot.current != null) {
          slot.current.runningNow = false;
        }
      }
      long exit = now + random.nextInt(30_000_000);
      at(exit, this::tellExit);
      if (greeted && !socketHeldOpen) {
        long end = Math.max(lastDelivery, now + random.nextInt(30_000_000));
        at(end, this::tellEnd);
      }
    }

    void tellExit() {
      exitTold = true;
      ends();
      killTold = killedFromOutside && !toldToEnd;
      cause = toldToEnd ? null : alike ? "as the others" : "of " + id;
      scheduler.exited(id, killTold, cause, now);
    }

    void tellEnd() {
      if (endTold) {
        return;
      }
      read(Integer.MAX_VALUE);
      endTold = true;
      if (drainedAt == 0) {
        ends();
      }
      scheduler.disconnected(id, now);
    }
  }

  /** What one thread of a worker does, and says of it. */
  private static final class SimSlot {
    Progress board = Progress.NONE;
    SimJob current;
  }

  private final Random random;
  private final int badBoots;
  private final int strangers;
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          (a, b) -> a.at != b.at ? Long.compare(a.at, b.at) : Long.compare(a.sequence, b.sequence));
  private final List<SimJob> jobs = new ArrayList<>();
  private final Map<Long, SimJob> byId = new HashMap<>();
  private final Map<Long, SimWorker> workers = new HashMap<>();
  private final Set<Long> firstRunOrder = new HashSet<>();
  private final SchedulerConfig config;
  private final Limits limits;
  private final int fatWorkers;
  private final Set<Integer> badGenerations = new HashSet<>();
  private final boolean recycles;
  private final boolean rotates;
  private final int reloads;
  private final int resizes;
  private int least;
  private int most;
  private long resizedAt = -1;
  private long usefulThen;
  private boolean rolledBack;
  private long lastFresh;
  private final int keyed;
  private final int broadcasts;
  private final boolean alsoLater;
  private final boolean chooses;

  /** The worker that was chosen last, and the job for which it was, in this turn. */
  private long chosen;

  private long chosenFor;

  /** Since when there have been more workers than the jobs ask for. */
  private long excessSince = -1;

  /** Those that were launched, and whose job that goes before all others is not submitted yet. */
  private final List<Long> born = new ArrayList<>();

  /** By its key, the worker that got a job of that last. */
  private final Map<String, Long> holders = new HashMap<>();

  private int trusted = 1;
  private int candidate;
  private boolean candidateProven;
  private final boolean cancelsWaiting;
  private final Scheduler<SimJob> scheduler;
  private long now = 1_000 * SECONDS;
  private long sequence;
  private long lastJobId;
  private long tickAt = Long.MAX_VALUE;

  /** The workers, while what must hold of them is looked at; else null. */
  private List<WorkerView> observed;

  /** Events since the gap was closed last; those that were no more than the scheduler's timer. */
  private int turnEvents;

  private int turnTicks;
  private long lastStillborn = Long.MIN_VALUE / 2;
  private int stillbornInRow;
  private int killedInRow;
  private boolean everReady;
  private boolean seenBroken;
  private boolean alikeTwice;
  private String lastCause;
  private int alikeInRow;
  private boolean closing;

  /** Whether it was over when the gap was closed last. */
  private boolean overThen;

  private boolean shutNow;
  private int terminated;
  private long lostWorkers;
  private long steps;

  private Simulation(long seed) {
    random = new Random(seed * 0x9E3779B97F4A7C15L + 1);
    cancelsWaiting = seed % 2 == 0;
    badBoots = random.nextInt(12) == 0 ? 1 : 5 + random.nextInt(30);
    strangers = random.nextInt(3) == 0 ? 1 : 5;
    int max = 1 + random.nextInt(4);
    SchedulerConfig defaults =
        SchedulerConfig.of(
            random.nextInt(max + 1),
            max,
            random.nextInt(4) == 0 ? random.nextInt(max + 1) : 0,
            random.nextInt(4) == 0 ? (1 + random.nextInt(1_500)) * MILLIS : 0,
            random.nextInt(4) == 0 ? 2 + random.nextInt(3) : 1,
            random.nextInt(12),
            2 * SECONDS,
            8 * SECONDS,
            5 * SECONDS,
            Limits.NONE,
            seed);
    limits =
        new Limits(
            random.nextInt(4) == 0 ? 1 + random.nextInt(20) : 0,
            random.nextInt(6) == 0 ? (1 + random.nextInt(3)) * SECONDS + 137_000_011 : 0,
            random.nextInt(5) == 0 ? MEMORY_LIMIT : 0,
            random.nextInt(5) == 0 ? 60 + random.nextInt(240) : 0);
    fatWorkers = random.nextInt(10) == 0 ? 1 : 20;

    config =
        new SchedulerConfig(
            defaults.minWorkers(),
            max,
            defaults.spareWorkers(),
            defaults.idleNanos(),
            defaults.slots(),
            defaults.maxPrefetch(),
            defaults.prefetchNanos(),
            defaults.maxBytesInFlight(),
            defaults.bootNanos(),
            defaults.dumpNanos(),
            defaults.hardNanos(),
            defaults.drainNanos(),
            defaults.lastWordsNanos(),
            defaults.abandonNanos(),
            2 * SECONDS,
            2 * SECONDS,
            500 * MILLIS,
            defaults.idleLooks(),
            defaults.runningLooks(),
            defaults.firstBootBudget(),
            defaults.bootBudget(),
            2 * defaults.bootBudget(),
            defaults.minBackoffNanos(),
            2 * SECONDS,
            LEVEL,
            random.nextBoolean() ? 2 : 100,
            limits,
            seed);
    reloads = random.nextInt(5) == 0 ? 1 + random.nextInt(5) : 0;
    resizes = random.nextInt(4) == 0 ? 1 + random.nextInt(3) : 0;
    keyed = random.nextInt(3) == 0 ? 2 + random.nextInt(9) : 0;
    broadcasts = random.nextInt(5) == 0 ? 1 + random.nextInt(4) : 0;
    alsoLater = random.nextInt(8) == 0;
    chooses = random.nextInt(6) == 0;
    recycles = random.nextInt(4) == 0 || (resizes > 0 && random.nextBoolean());
    rotates = recycles || reloads > 0 || !limits.equals(Limits.NONE);
    least = config.minWorkers();
    most = max;
    scheduler = new Scheduler<>(config, new SimActions());
  }

  /**
   * Runs the history of this seed.
   *
   * @return how many events it had
   * @throws AssertionError if a promise was broken
   */
  static long run(long seed) {
    try {
      Simulation simulation = new Simulation(seed);
      simulation.play();
      return simulation.steps;
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("seed " + seed + ": " + e, e);
    }
  }

  private void play() {
    int count = 1 + random.nextInt(25);
    long spread = random.nextBoolean() ? 1 : 50 * MILLIS;
    long at = now;
    for (int i = 0; i < count; i++) {
      at += (long) (random.nextDouble() * spread);
      at(at, this::submit);
    }
    // What would run for ever is cancelled by its caller in the end, so that every history has one.
    // What waits has its turn without that, also once the pool is closed.
    long patience = at + (1 + random.nextInt(20)) * SECONDS;
    at(patience, this::cancelAll);
    at(random.nextInt(3) == 0 ? at + random.nextInt(2_000) * MILLIS : patience, this::end);
    if (recycles) {
      at(now + random.nextInt(3_000) * MILLIS, this::recycle);
    }
    for (int i = 0; i < reloads; i++) {
      at(now + random.nextInt(4_000) * MILLIS, this::reload);
    }
    for (int i = 0; i < resizes; i++) {
      at(now + random.nextInt(3_000) * MILLIS, this::resize);
    }
    for (int i = 0; i < broadcasts; i++) {
      at(now + random.nextInt(2_000) * MILLIS, this::broadcast);
    }
    settle();
    long horizon = at + HORIZON;
    while (!events.isEmpty() && events.peek().at <= horizon && terminated == 0) {
      turnEvents = 1;
      turnTicks = 0;
      Event event = events.poll();
      now = Math.max(now, event.at);
      event.action.run();
      // Events come in batches: several may be noted before the gap is closed.
      while (!events.isEmpty() && events.peek().at <= now + 1_000 && random.nextInt(3) == 0) {
        turnEvents++;
        events.poll().action.run();
      }
      settle();
      check(++steps < 200_000, "the history does not come to an end");
    }
    audit();
  }

  private void submit() {
    submit(0, false);
  }

  /** One job for each worker that is not on its way out. */
  private void broadcast() {
    for (WorkerView view : scheduler.workers()) {
      if (view.stage().compareTo(WorkerView.Stage.BUSY) <= 0) {
        submit(view.id(), false);
      }
    }
    if (random.nextInt(4) == 0) {
      submit(1 + random.nextInt(1 + (int) scheduler.counts().started()), false);
    }
  }

  private void submit(long workerId, boolean setUp) {
    SimJob sim = new SimJob(random, workerId, keyed);
    sim.setUp = setUp;
    long id = ++lastJobId;
    jobs.add(sim);
    byId.put(id, sim);
    sim.job = null;
    sim.submittedAt = now;
    Job<SimJob> job =
        setUp
            ? scheduler.submitSetUp(id, sim, sim.spec, now)
            : scheduler.submit(id, sim, sim.spec, now);
    sim.job = job;
    if (random.nextInt(8) == 0) {
      after(random.nextInt(300) * MILLIS, () -> cancel(sim));
    }
  }

  /** One that has waited too long ends, or is asked back from the worker where it waits. */
  private void observeExpiry(SimJob sim) {
    boolean first = sim.job != null && sim.job.attempt() == 1 && sim.starts == 0;
    if (sim.outcome != null || !first || !sim.expired(now)) {
      return;
    }
    check(sim.holder != 0, "a job waits past its deadline for that");
    SimWorker worker = workers.get(sim.holder);
    boolean waits =
        worker.alive
            && !worker.frozen
            && worker.honest()
            && !worker.toldToEnd
            && !worker.condemned()
            && worker.endsAt < 0
            && !worker.hasFreeSlot();
    check(!waits || sim.askedBack, "a job waits behind others past its deadline for that");
  }

  private void recycle() {
    if (!closing) {
      scheduler.recycle(now);
      readyViews().forEach(id -> workers.get(id).recycle = true);
    }
  }

  private void resize() {
    most = 1 + random.nextInt(5);
    least = random.nextInt(most + 1);
    resizedAt = now;
    usefulThen = serving(WorkerView.Stage.STARTING);
    for (SimWorker worker : workers.values()) {
      worker.shrunk = true;
    }
    scheduler.resize(least, most, now);
  }

  private void reload() {
    boolean refused = candidate != 0 || closing || scheduler.broken();
    int generation = scheduler.reload(now);
    check(generation != 0 || refused, "a reload was refused without need");
    if (generation != 0) {
      check(!refused, "a reload began while another was under way, or at the end");
      check(generation != trusted, "a generation was used twice");
      candidate = generation;
      candidateProven = false;
      if (random.nextBoolean()) {
        badGenerations.add(generation);
      }
    }
  }

  private int currentGeneration() {
    return candidateProven ? candidate : trusted;
  }

  private void proven(int generation) {
    candidateProven |= generation == candidate;
  }

  /** How many have come so far, and are not on their way out. */
  private long serving(WorkerView.Stage least) {
    long count = 0;
    for (WorkerView view : views()) {
      boolean serves = view.stage().compareTo(WorkerView.Stage.BUSY) <= 0;
      count += serves && view.stage().compareTo(least) >= 0 ? 1 : 0;
    }
    return count;
  }

  /** Those that live; while all is observed, which is most of the time, they are asked for once. */
  private List<WorkerView> views() {
    return observed != null ? observed : scheduler.workers();
  }

  private long held() {
    long bytes = 0;
    for (SimWorker worker : workers.values()) {
      bytes += worker.forgotten ? 0 : worker.reported;
    }
    return bytes;
  }

  private boolean memoryIsShort() {
    return limits.budgetBytes() > 0 && held() > limits.budgetBytes();
  }

  private boolean hasRoom(int more) {
    if (limits.budgetBytes() == 0) {
      return true;
    }
    long starting =
        views().stream().filter(view -> view.stage() == WorkerView.Stage.STARTING).count();
    return held() + (starting + more) * lastFresh <= limits.budgetBytes();
  }

  /** The one that holds most of those that may go. */
  private void observeLargest() {
    if (!memoryIsShort()) {
      return;
    }
    long most = 0;
    for (long id : readyViews()) {
      most = Math.max(most, workers.get(id).reported);
    }
    for (long id : readyViews()) {
      boolean largest = workers.get(id).reported == most || resizedAt >= 0;
      workers.get(id).mayShed |= largest;
    }
  }

  private long alive(int generation) {
    return workers.values().stream()
        .filter(worker -> !worker.forgotten && worker.generation == generation)
        .count();
  }

  private Set<Long> readyViews() {
    Set<Long> ready = new HashSet<>();
    for (WorkerView view : views()) {
      if (view.stage() == WorkerView.Stage.READY || view.stage() == WorkerView.Stage.BUSY) {
        ready.add(view.id());
      }
    }
    return ready;
  }

  private void cancel(SimJob sim) {
    boolean open = sim.outcome == null;
    if (open && sim.holder == 0) {
      sim.cancelledWhileQueued = true;
    }
    scheduler.cancel(sim.job, now);
    check(sim.outcome != null, "a cancelled job did not end at once");
    check(!open || sim.outcome instanceof Outcome.Cancelled, "a cancel ended as ", sim.outcome);
    if (open && sim.holder != 0) {
      long runsSince = sim.starts;
      after(
          2 * SECONDS,
          () ->
              check(
                  !(sim.runningNow
                      && sim.starts == runsSince
                      && !workers.get(sim.startedOn).immortal
                      && !workers.get(sim.startedOn).liesInReplies),
                  "a cancelled job still runs"));
    }
  }

  private void cancelAll() {
    for (SimJob sim : jobs) {
      if (sim.outcome == null && (cancelsWaiting || sim.holder != 0)) {
        cancel(sim);
      }
    }
    if (!closing) {
      after(SECONDS, this::cancelAll);
    } else {
      after(20 * SECONDS, this::cancelAll);
    }
  }

  private void end() {
    closing = true;
    if (random.nextBoolean()) {
      scheduler.close(now);
    } else {
      shutNow = true;
      scheduler.shutdownNow(now);
      for (SimJob sim : jobs) {
        check(sim.outcome != null, "shutdownNow left a job open");
      }
    }
  }

  private void settle() {
    overThen = over();
    observeLargest();
    chosenFor = 0;
    long wait = scheduler.settle(now);
    while (!born.isEmpty()) {
      born.forEach(workerId -> submit(workerId, true));
      born.clear();
      wait = scheduler.settle(now);
    }
    if (wait != Long.MAX_VALUE && now + wait < tickAt) {
      tickAt = now + wait;
      at(
          tickAt,
          () -> {
            tickAt = Long.MAX_VALUE;
            turnTicks++;
          });
    }
    observe();
  }

  /** What must hold after every batch. */
  private void observe() {
    observed = scheduler.workers();
    Counts counts = scheduler.counts();
    check(
        counts.submitted()
            == counts.queued()
                + counts.running()
                + counts.succeeded()
                + counts.failed()
                + counts.cancelled(),
        "the counters don't add up: ",
        counts);
    // A worker that gets no more jobs may answer later, when it is too late.
    seenBroken |= scheduler.broken();
    check(counts.queued() >= 0, "a negative count: ", counts);
    check(scheduler.keys() <= config.maxKeys() + openKeyed(), "more keys than it may remember");
    check(counts.lost() == lostWorkers, "lost workers are not told of as they are counted");
    int useful = 0;
    int ready = 0;
    boolean idle = false;
    int counted = 0;
    int draining = 0;
    int kept = 0;
    for (WorkerView view : observed) {
      boolean leaves = view.stage() == WorkerView.Stage.DRAINING;
      draining += leaves && !workers.get(view.id()).shrunk ? 1 : 0;
      // One too many goes when its jobs are done, and gets none before.
      if (view.stage().ordinal() < WorkerView.Stage.BUSY.ordinal()
          || (view.stage() == WorkerView.Stage.BUSY
              && workers.get(view.id()).lastGiven > resizedAt)) {
        counted++;
      }
      if (view.stage() == WorkerView.Stage.READY) {
        SimWorker worker = workers.get(view.id());
        idle |= !worker.mayBeDue();
        kept += worker.overdue() && !worker.mayBeSpent() ? 1 : 0;
      }
      workers.get(view.id()).mayBeOneTooMany |= leftOver() && observed.size() > most;
      if (view.stage().ordinal() <= WorkerView.Stage.BUSY.ordinal()) {
        useful++;
        ready += view.stage() == WorkerView.Stage.STARTING ? 0 : 1;
      }
      boolean serves =
          view.stage() == WorkerView.Stage.READY || view.stage() == WorkerView.Stage.BUSY;
      check(
          !serves
              || !limits.ofMemory()
              || now - workers.get(view.id()).weighedAt < 3 * config.lookNanos(),
          "a worker is not weighed any more");
      if (view.stage() == WorkerView.Stage.STARTING) {
        SimWorker worker = workers.get(view.id());
        check(now - worker.bornAt <= config.bootNanos() + 10 * MILLIS, "a boot without an end");
        check(!over(), "a worker boots for nothing");
      }
    }
    observeLaunches(useful, ready);
    observeSlots();
    observeIdle(useful);
    check(useful <= Math.max(most + (rotates ? 1 : 0), usefulThen), "too many workers: ", useful);
    check(
        closing || resizedAt >= 0 || least < most || useful + draining <= most + 1,
        "too many processes: ",
        useful + draining);
    check(rotates || closing || counted <= most, "more workers than allowed: ", counted);
    for (SimJob sim : jobs) {
      observeExpiry(sim);
      if (sim.waits(now) && tiedTo(sim) == 0) {
        check(!idle || memoryIsShort(), "a job waits while a worker idles");
        check(kept <= 1 || memoryIsShort(), "several workers that are due get no jobs");
      } else if (sim.waits(now)) {
        SimWorker own = workers.get(tiedTo(sim));
        check(own != null && !own.forgotten, "a job waits for a worker that is gone");
        check(!idles(tiedTo(sim)) || memoryIsShort(), "a job waits while its own worker idles");
      }
      if (sim.runningNow && sim.outcome == null && sim.holder == sim.startedOn) {
        SimWorker worker = workers.get(sim.holder);
        if (worker != null && !worker.replyLost()) {
          observeDeadlines(sim, worker);
        }
      }
    }
    for (SimWorker worker : workers.values()) {
      observeCrowding(worker, idle && !memoryIsShort());
      observeStart(worker);
    }
    observeRotation();
    observed = null;
  }

  /**
   * The worker for which alone the job waits: that it is for, or that has its key; 0 if there is
   * none, or that gets no more jobs, or perhaps not.
   */
  private long tiedTo(SimJob sim) {
    Long holder = sim.spec.affinity() == null ? null : holders.get(sim.spec.affinity());
    boolean held = holder != null && servesNow(holder);
    return sim.spec.workerId() != 0 ? sim.spec.workerId() : held ? holder : 0;
  }

  private boolean servesNow(long workerId) {
    for (WorkerView view : views()) {
      if (view.id() == workerId) {
        return view.stage() == WorkerView.Stage.READY || view.stage() == WorkerView.Stage.BUSY;
      }
    }
    return false;
  }

  private long openKeyed() {
    long count = 0;
    for (SimJob sim : jobs) {
      count += sim.outcome == null && sim.spec.affinity() != null ? 1 : 0;
    }
    return count;
  }

  private boolean idles(long workerId) {
    for (WorkerView view : views()) {
      if (view.id() == workerId && view.stage() == WorkerView.Stage.READY) {
        SimWorker worker = workers.get(workerId);
        return !worker.mayBeDue() && !worker.shrunk;
      }
    }
    return false;
  }

  /** A worker that is due and idles goes, unless its replacement does not come. */
  private void observeRotation() {
    boolean moves = over() || scheduler.broken();
    boolean allIdle = true;
    for (WorkerView view : views()) {
      moves |=
          view.stage() == WorkerView.Stage.STARTING
              || view.stage().ordinal() > WorkerView.Stage.BUSY.ordinal();
      allIdle &= view.stage() == WorkerView.Stage.READY;
    }
    // After a resize, until those too many have done their jobs.
    moves |= resizedAt >= 0 && serving(WorkerView.Stage.STARTING) > most;
    moves |= now - lastStillborn <= config.maxBackoffNanos();
    check(candidate == 0 || candidateProven || moves || !allIdle, "a reload does not begin");
    for (WorkerView view : views()) {
      SimWorker worker = workers.get(view.id());
      boolean spent = limits.jobs() > 0 && worker.givenJobs >= limits.jobs();
      boolean waits = view.stage() == WorkerView.Stage.READY && (worker.overdue() || spent);
      check(moves || !allIdle || !memoryIsShort(), "an idle pool holds more memory than it may");
      check(!waits || moves || !allIdle, "a worker that is due is kept in an idle pool");
      if (!waits || moves || limits.jobs() > 0) {
        worker.dueIdleSince = -1;
      } else if (worker.dueIdleSince < 0) {
        worker.dueIdleSince = now;
      } else {
        check(now - worker.dueIdleSince < 5 * SECONDS, "a worker that is due is kept");
      }
    }
  }

  private void observeDeadlines(SimJob sim, SimWorker worker) {
    long ran = now - sim.startedAt;
    long runNanos = sim.spec.runNanos();
    // One that always claims to have just begun can double its time, and no more.
    boolean late = worker.claimsLateStart && !worker.liesOnBoard;
    // Where it has neighbours, it is asked before.
    long ladder = (config.slots() == 1 ? 300 : 500) * MILLIS;
    if (runNanos > 0 && (worker.honest() || late)) {
      long allowed = runNanos + ladder + (late ? runNanos : 0);
      check(ran < allowed, "a job runs past its deadline, ns: ", ran);
    }
    if (!worker.honest()) {
      return;
    }
    long silent = now - worker.progressedAt(sim);
    check(
        sim.spec.stallNanos() == 0 || silent < sim.spec.stallNanos() + ladder,
        "a job stalls past its deadline");
    check(
        sim.spec.softNanos() == 0
            || sim.asked
            || worker.toldToEnd
            || worker.condemned(sim)
            || sim.warned
            || ran < sim.spec.softNanos() + 300 * MILLIS,
        "a job is not asked to stop");
  }

  /** Closed, and no job is left. */
  private boolean over() {
    return closing && open() == 0;
  }

  private long open() {
    long count = 0;
    for (SimJob sim : jobs) {
      count += sim.outcome == null ? 1 : 0;
    }
    return count;
  }

  /**
   * Workers that are missing are launched, unless boots fail; if they fail too often, no job waits
   * on.
   */
  private void observeLaunches(int useful, int ready) {
    long wanted = wanted();
    boolean pause = now - lastStillborn <= config.maxBackoffNanos() || infantsLeave();
    check(
        useful >= wanted
            || (!hasRoom(1) && scheduler.counts().workers() > 0)
            || pause
            || scheduler.broken()
            || stillbornInRow + killedInRow > 0,
        "a missing worker is not replaced");
    if (hopeless() && ready == 0) {
      for (SimJob sim : jobs) {
        check(sim.outcome != null || sim.holder != 0, "a job waits though no worker boots");
      }
    }
  }

  private long setUps() {
    long count = 0;
    for (SimJob sim : jobs) {
      count += sim.setUp && sim.outcome == null ? 1 : 0;
    }
    return count;
  }

  /** How many there should be at least for the jobs that there are. */
  private long wanted() {
    long spare = closing ? 0 : config.spareWorkers();
    long forJobs = (open() - setUps() + config.slots() - 1) / config.slots();
    return Math.max(closing ? 0 : least, Math.min(forJobs + spare, most));
  }

  /** Whether it is not known yet of what one that never showed that it works ends. */
  private boolean infantsLeave() {
    return workers.values().stream()
        .anyMatch(each -> each.endsAt >= 0 && !each.forgotten && each.stillborn());
  }

  /** No job waits while a worker would start it at once. */
  private void observeSlots() {
    if (config.slots() == 1 || keyed > 0 || broadcasts > 0 || alsoLater || memoryIsShort()) {
      return;
    }
    boolean waits = jobs.stream().anyMatch(sim -> sim.waits(now));
    for (WorkerView view : views()) {
      SimWorker worker = workers.get(view.id());
      boolean free =
          view.stage() == WorkerView.Stage.BUSY
              && view.load() < config.slots()
              && !worker.mayBeDue()
              && !worker.shrunk;
      check(!waits || !free, "a job waits while a worker has a free slot");
    }
  }

  /** Where there are more than that for long, one that has idled for long does not stay. */
  private void observeIdle(int useful) {
    // One that goes may have got a job that was for it alone, and stays until that has ended.
    boolean none = broadcasts == 0 && !alsoLater && resizedAt < 0;
    boolean excess = none && config.idleNanos() > 0 && !closing;
    excess &= useful > wanted() + (rotates ? 1 : 0);
    if (!excess) {
      excessSince = -1;
      return;
    }
    excessSince = excessSince < 0 ? now : excessSince;
    for (WorkerView view : views()) {
      long since = Math.max(excessSince, workers.get(view.id()).idleSince);
      check(
          view.stage() != WorkerView.Stage.READY || now - since <= config.idleNanos() + MILLIS,
          "a worker that idles is kept though there are more than should be");
    }
  }

  /** Whether one may have been launched to replace another that need not be any more. */
  private boolean leftOver() {
    return rolledBack || limits.jobs() > 0;
  }

  private boolean hopeless() {
    return (!everReady && alikeInRow >= config.firstBootBudget())
        || stillbornInRow >= config.bootBudget()
        || killedInRow >= config.killedBootBudget();
  }

  /** A worker that is frozen goes, and one that lives but does not start its job. */
  private void observeStart(SimWorker worker) {
    boolean stuck =
        worker.alive
            && worker.frozen
            && worker.proven
            && !worker.toldToEnd
            && !worker.forgotten
            && !worker.condemned()
            && !worker.endTold
            && worker.honest()
            && (!worker.beatsOn || (worker.hasFreeSlot() && !worker.line.isEmpty()));
    boolean atWork = worker.atWork() || worker.sending;
    long looks = 1 + (atWork ? config.runningLooks() : config.idleLooks());
    long limit = worker.beatsOn ? config.pulseNanos() : looks * config.lookNanos();
    if (!stuck) {
      worker.stuckSince = -1;
    } else if (worker.stuckSince < 0) {
      worker.stuckSince = now;
    } else {
      check(
          now - worker.stuckSince < limit + config.lookNanos() + 300 * MILLIS,
          worker.beatsOn ? "a worker that never starts its job is kept" : "a frozen one is kept");
    }
  }

  /** While one worker idles, no other may sit on jobs that it does not start. */
  private void observeCrowding(SimWorker worker, boolean idle) {
    boolean crowded =
        idle
            && worker.alive
            && !worker.frozen
            && worker.honest()
            && !worker.condemned()
            && !worker.toldToEnd
            && !worker.sending
            && worker.largeUntil < now
            && worker.line.stream().filter(job -> !job.spec().tied()).count() > 1;
    if (!crowded) {
      worker.crowdedSince = -1;
    } else if (worker.crowdedSince < 0) {
      worker.crowdedSince = now;
    } else {
      // Asked once for jobs that ended meanwhile, and once more for these.
      long limit = worker.deafToRecall ? 2 * config.recallNanos() + SECONDS : 100 * MILLIS;
      check(now - worker.crowdedSince < limit, "jobs wait behind another on a busy worker");
    }
  }

  private void audit() {
    for (SimJob sim : jobs) {
      check(sim.outcome != null, "job " + sim.job.id() + " never ended");
      check(sim.left == sim.lingers, "a job never left its worker, or one that it had not");
      check(sim.dequeued == 1, "its place in the queue was given back " + sim.dequeued + " times");
    }
    check(terminated == 1, "the pool never came to its end");
    check(candidate == 0, "a reload never came to its end");
    for (SimWorker worker : workers.values()) {
      check(worker.forgotten, "worker " + worker.id + " was left behind");
    }
  }

  /**
   * A worker that lies may have answered for a job that it had not run, or hidden one that it had.
   */
  private boolean tainted() {
    return workers.values().stream().anyMatch(worker -> !worker.honest());
  }

  /** What others do may come just when a pause or a limit without chance would be over. */
  private boolean byTimerAlone() {
    return turnTicks == turnEvents;
  }

  /** Chance makes a pause a little shorter than that. */
  private boolean isWholePause(long nanos) {
    for (long whole = config.minBackoffNanos(); whole < config.maxBackoffNanos(); whole *= 2) {
      if (nanos == whole) {
        return true;
      }
    }
    return nanos == config.maxBackoffNanos();
  }

  private static long run(long jobId, int attempt) {
    return (attempt - 1L) << 56 | jobId;
  }

  private static long jobOf(long run) {
    return run & (1L << 56) - 1;
  }

  private void after(long nanos, Runnable action) {
    at(now + nanos, action);
  }

  private void at(long nanos, Runnable action) {
    events.add(new Event(nanos, ++sequence, action));
  }

  private static void check(boolean holds, String promise) {
    if (!holds) {
      throw new AssertionError(promise);
    }
  }

  /** Millions of times all is well, so nothing is made into text before. */
  private static void check(boolean holds, String promise, Object detail) {
    if (!holds) {
      throw new AssertionError(promise + detail);
    }
  }

  /** The port: what the scheduler wants is done to the simulated workers, and judged. */
  private final class SimActions implements Actions<SimJob> {

    @Override
    public void launch(long workerId, int generation) {
      check(!workers.containsKey(workerId), "a worker id was used twice");
      check(
          now - lastStillborn >= config.minBackoffNanos() / 2,
          "a launch without a pause after a failed boot");
      check(
          !byTimerAlone() || !isWholePause(now - lastStillborn),
          "a launch after a pause without chance in it");
      for (SimWorker worker : workers.values()) {
        boolean toTheLimit = worker.proven && now - worker.readyAt == limits.ageNanos();
        check(
            !byTimerAlone() || !toTheLimit || limits.ageNanos() == 0,
            "a limit without chance in it");
      }
      if (generation == candidate && !candidateProven) {
        check(alive(candidate) == 0, "several workers on trial at once");
        long others = serving(WorkerView.Stage.STARTING);
        check(others > wanted() || !hasRoom(0), "one on trial, not one more");
      } else {
        check(generation == currentGeneration(), "launched with settings of before");
        long there = workers.values().stream().filter(worker -> !worker.forgotten).count();
        check(there == 0 || hasRoom(0), "launched without room in memory");
      }
      check(
          rotates || resizedAt >= 0 || serving(WorkerView.Stage.STARTING) <= wanted(),
          "launched though there are as many as there should be");
      check(!infantsLeave(), "a launch before it is known of what the one before ends");
      workers.put(workerId, new SimWorker(workerId, generation));
      check(workers.size() < MAX_LAUNCHES, "workers are launched without end");
      if (alsoLater) {
        born.add(workerId);
      }
    }

    @Override
    public void run(long workerId, Job<SimJob> job) {
      SimWorker worker = workers.get(workerId);
      SimJob sim = job.attachment();
      check(sim.outcome == null, "an ended job was handed out");
      check(sim.holder == 0, "a job was handed to two workers at once");
      check(now >= sim.restUntil, "a job runs again before its pause is over");
      check(!worker.forgotten && worker.proven, "a job for a worker that is not there");
      observeTies(sim, workerId);
      observeOrder(job);
      sim.everHeld = true;
      check(
          worker.held < config.slots()
              || worker.bytes + sim.spec.bytes() <= config.maxBytesInFlight(),
          "too many bytes in flight");
      sim.holder = workerId;
      sim.takenBack = false;
      check(
          chosenFor != job.id() || chosen == 0 || chosen == workerId,
          "a job went to another worker than was chosen");
      worker.held++;
      sim.startedHere = false;
      sim.finished = false;
      sim.askedBack = false;
      sim.bereaved = false;
      worker.bytes += sim.spec.bytes();
      worker.given = true;
      worker.givenJobs += sim.spec.workerId() == 0 ? 1 : 0;
      worker.lastGiven = sim.spec.workerId() == 0 ? now : worker.lastGiven;
      check(!memoryIsShort(), "a job is handed out while memory is short");
      check(!limits.ofMemory() || worker.weighedOnce, "a job before it was weighed");
      check(
          limits.jobs() == 0 || worker.givenJobs <= limits.jobs() || !worker.honest(),
          "a worker got more jobs than it may");
      int attempt = job.attempt();
      worker.receiveLarge(sim.inputParts);
      worker.receive(
          200_000,
          () -> {
            if (worker.alive) {
              worker.attempts.put(job.id(), attempt);
              worker.line.addLast(job);
              worker.startNext();
            }
          });
    }

    /** What is for one worker alone goes there, and first; a key stays where it is. */
    private void observeTies(SimJob sim, long workerId) {
      boolean own = sim.spec.workerId() != 0;
      check(!own || sim.spec.workerId() == workerId, "a job went to another worker than its own");
      for (SimJob other : jobs) {
        if (other != sim && other.waits(now) && !other.everHeld && tiedTo(other) == workerId) {
          boolean first = other.spec.workerId() != 0;
          boolean overtaken = own ? other.job.id() < sim.job.id() : first;
          check(!first || !overtaken, "a job goes before those that are for its worker alone");
          boolean others = !Objects.equals(sim.spec.label(), other.spec.label());
          // What came back from a worker that died goes first, however often those die.
          int more = own || sim.bereaved ? 0 : 1;
          other.passedByThere = own || others ? other.passedByThere + more : 0;
          // Once round in the queue, and then where it waits for its worker, by turns with those.
          check(
              other.passedByThere <= 3 * LABELS.length + 2,
              "a job waits for others' turns on the worker that has its key");
        }
      }
      String key = sim.spec.affinity();
      if (key != null) {
        Long holder = holders.put(key, workerId);
        SimWorker before = holder == null ? null : workers.get(holder);
        boolean kept =
            before != null
                && readyViews().contains(before.id)
                && !before.mayBeDue()
                && !before.shrunk
                && !before.mayBeOneTooMany
                && (holders.size() <= config.maxKeys() || isOpen(key, sim));
        check(!kept || holder == workerId, "a key moved from a worker that gets jobs");
        check(
            chooses || holder != null || workers.get(workerId).bytes == 0 || !anyIdles(),
            "a new key went to a worker at work while another idles");
      }
    }

    private boolean isOpen(String key, SimJob except) {
      return jobs.stream()
          .anyMatch(
              sim ->
                  sim != except
                      && sim.everHeld
                      && sim.outcome == null
                      && key.equals(sim.spec.affinity()));
    }

    private boolean anyIdles() {
      return scheduler.workers().stream().anyMatch(view -> idles(view.id()));
    }

    /** Within its label none goes before another that counts as older; labels take turns. */
    private void observeOrder(Job<SimJob> job) {
      SimJob sim = job.attachment();
      String key = sim.spec.affinity();
      for (SimJob other : jobs) {
        boolean waits =
            other != sim && other.job != null && !other.everHeld && other.outcome == null;
        boolean sameLabel = Objects.equals(sim.spec.label(), other.spec.label());
        if (!waits || other.spec.workerId() != 0 || sim.spec.workerId() != 0) {
          continue;
        } else if (key != null || tiedTo(other) != 0) {
          boolean alike = sameLabel && sim.spec.priority() == other.spec.priority();
          boolean before = other.job.id() < job.id() && Objects.equals(key, other.spec.affinity());
          check(sim.everHeld || !alike || !before, "jobs of one key overtake each other");
          other.passedBy = sameLabel || tiedTo(other) != 0 ? 0 : other.passedBy;
          observeTurns(sim, other);
          continue;
        }
        observeTurns(sim, other);
        if (waits && Objects.equals(sim.spec.label(), other.spec.label())) {
          boolean before = other.job.id() < job.id();
          long sooner = rank(sim) - rank(other);
          check(
              sim.everHeld
                  || isBehindOneThatCameBack(other)
                  || sooner < 0
                  || (sooner == 0 && !(before && sim.spec.priority() == other.spec.priority())),
              "jobs overtake each other in the queue");
          other.passedBy = 0;
        } else if (waits) {
          // One whose worker is gone comes back, and its label's turn is the last one.
          int turns = other.spec.affinity() == null ? 1 : 2;
          check(
              ++other.passedBy < turns * LABELS.length,
              "a label waits for others' turns for too long");
        }
      }
    }

    /** What waited for a worker that is gone comes back, and then what that had, before it. */
    private boolean isBehindOneThatCameBack(SimJob sim) {
      return sim.spec.affinity() != null
          && jobs.stream()
              .anyMatch(
                  each ->
                      each.everHeld
                          && each.holder == 0
                          && each.outcome == null
                          && each.spec.priority() == sim.spec.priority()
                          && Objects.equals(each.spec.label(), sim.spec.label()));
    }

    /** A job that any worker may have does not wait for ever for those that have keys. */
    private void observeTurns(SimJob sim, SimJob other) {
      if (Objects.equals(sim.spec.label(), other.spec.label()) || tiedTo(other) != 0) {
        other.passedByKeys = 0;
      } else if (sim.spec.affinity() != null && other.passedInTurn != steps) {
        other.passedInTurn = steps;
        long most = LABELS.length * (1L + readyViews().size());
        check(++other.passedByKeys <= most, "a job waits for those that have keys");
      }
    }

    @Override
    public boolean chooses() {
      return chooses;
    }

    @Override
    public int choose(Job<SimJob> job, List<WorkerView> candidates) {
      check(chooses && !candidates.isEmpty(), "asked who gets a job for nothing");
      Set<Long> ready = readyViews();
      for (WorkerView candidate : candidates) {
        check(ready.contains(candidate.id()), "a worker to choose that is not there");
        check(
            !job.attachment().takenBack || candidate.load() < config.slots() || !anyIdles(),
            "a job that was taken back may go where it was");
      }
      int index = random.nextInt(candidates.size() + 2) - 1;
      boolean valid = index >= 0 && index < candidates.size();
      chosenFor = job.id();
      chosen = valid ? candidates.get(index).id() : 0;
      return index;
    }

    private long rank(SimJob sim) {
      return sim.submittedAt - sim.spec.priority() * LEVEL;
    }

    @Override
    public void recall(long workerId, long[] jobIds) {
      SimWorker worker = workers.get(workerId);
      for (long jobId : jobIds) {
        SimJob sim = byId.get(jobId);
        boolean wanted = sim.outcome == null && !sim.expired(now);
        check(!wanted || !sim.job.spec().tied(), "taken back, though no other may have it");
        check(!wanted || !memoryIsShort(), "taken back, while memory is short");
      }
      for (long jobId : jobIds) {
        byId.get(jobId).askedBack = true;
      }
      worker.receive(
          2_000_000,
          () -> {
            if (!worker.alive || worker.frozen || worker.deafToRecall || worker.condemned()) {
              return;
            }
            List<Long> back = new ArrayList<>();
            for (long jobId : jobIds) {
              if (worker.line.removeIf(job -> job.id() == jobId)) {
                back.add(jobId);
                byId.get(jobId).givenBack = true;
              }
            }
            long[] ids = back.stream().mapToLong(Long::longValue).toArray();
            worker.deliver(
                () -> {
                  back.forEach(jobId -> byId.get(jobId).givenBack = false);
                  if (scheduler.returned(workerId, ids, now)) {
                    for (long jobId : ids) {
                      SimJob sim = byId.get(jobId);
                      worker.letGo(sim);
                      sim.takenBack = true;
                      worker.givenJobs -= sim.spec.workerId() == 0 ? 1 : 0;
                    }
                  }
                });
          });
    }

    @Override
    public void askToStop(long workerId, long jobId) {
      SimWorker worker = workers.get(workerId);
      SimJob sim = byId.get(jobId);
      long progressed = worker.progressedAt(sim);
      boolean soft = !sim.asked && sim.softDue(progressed, now) && sim.outcome == null;
      if (worker.honest()) {
        check(sim.startedOn == workerId && sim.startedHere, "asked to stop without having begun");
        check(
            soft || (config.slots() > 1 && !sim.warned && sim.warnable(progressed, now)),
            "asked to stop twice, or for nothing, or before its time");
      }
      boolean wanted = sim.outcome == null || sim.outcome instanceof Outcome.Cancelled;
      check(
          wanted && (sim.outcome == null || config.slots() > 1), "an ended job was asked to stop");
      if (soft) {
        sim.asked = true;
      } else {
        sim.warned = true;
        sim.warnedAt = now;
        sim.progressedThen = progressed;
      }
      int attempt = sim.lastAttempt;
      worker.receive(
          2_000_000,
          () -> {
            for (SimSlot slot : worker.slots) {
              if (sim.obeysInterrupt && slot.current == sim) {
                worker.finish(slot, sim, attempt);
              }
            }
          });
    }

    @Override
    public void interrupt(long workerId, long jobId) {
      observeLargest();
      SimWorker worker = workers.get(workerId);
      check(
          worker.condemned(byId.get(jobId)),
          "job " + jobId + " was interrupted without having been condemned");
      if (!worker.silentDump && !worker.frozen) {
        after(
            random.nextInt(150_000_000),
            () -> {
              if (worker.alive) {
                worker.deliver(
                    () -> scheduler.dumped(workerId, jobId, "dump of job " + jobId, now));
              }
            });
      }
      if (worker.liesInReplies) {
        worker.reply(jobId, 1, 1, true);
        worker.deliver(() -> scheduler.dumped(workerId, 424_242, "dump of job 424242", now));
      }
    }

    @Override
    public void drain(long workerId) {
      SimWorker worker = workers.get(workerId);
      check(
          !worker.honest() || (worker.line.isEmpty() && !worker.atWork()),
          "a worker was drained with jobs");
      worker.toldToEnd = true;
      worker.drainedAt = now;
      observeLargest();
      boolean leftOver = leftOver();
      long serve = serving(WorkerView.Stage.READY);
      // One that goes since it idles needs no replacement, and leaves as many as there should be.
      worker.shrunk |= worker.idledOut() && serving(WorkerView.Stage.STARTING) >= wanted();
      check(
          closing || worker.mayBeDue() || worker.shrunk || !worker.honest() || leftOver,
          "recycled for nothing");
      check(
          closing
              || scheduler.workers().stream()
                      .filter(view -> view.stage() == WorkerView.Stage.DRAINING)
                      .filter(view -> !workers.get(view.id()).shrunk)
                      .count()
                  <= 1
              || serving(WorkerView.Stage.STARTING) >= most
              || leftOver,
          "several workers leave at once");
      check(
          closing || worker.shrunk || leftOver || !hasRoom(1) || serve >= wanted(),
          "a worker leaves before its replacement is ready");
      if (random.nextInt(10) != 0) {
        worker.receive(
            2_000_000,
            () -> {
              worker.draining = true;
              worker.startNext();
            });
      }
    }

    @Override
    public void terminate(long workerId) {
      SimWorker worker = workers.get(workerId);
      check(worker.condemned(), "SIGTERM for a worker that was not condemned");
      worker.toldToEnd = true;
      if (worker.heedsTerm && !worker.frozen) {
        after(random.nextInt(50_000_000), worker::die);
      }
    }

    @Override
    public void kill(long workerId) {
      observeLargest();
      SimWorker worker = workers.get(workerId);
      worker.ends();
      boolean healthy =
          worker.alive
              && worker.honest()
              && !worker.frozen
              && !worker.deafToRecall
              && !worker.condemned()
              && !worker.toldToEnd
              && !worker.endTold;
      boolean late = !worker.proven && now - worker.bornAt >= config.bootNanos();
      boolean one = !worker.proven && !worker.endTold && !late && !closing && !worker.heavy;
      worker.dismissed |= one && serving(WorkerView.Stage.STARTING) >= most;
      check(
          !worker.dismissed || worker.generation != candidate || resizedAt >= 0,
          "a worker on trial is taken for one too many");
      boolean unneeded = !worker.proven && (closing || worker.heavy || worker.dismissed);
      boolean dawdles = now - worker.drainedAt >= config.drainNanos() && worker.drainedAt > 0;
      check(!healthy || late || unneeded || shutNow || dawdles, "a healthy worker was killed");
      worker.toldToEnd = true;
      if (worker.immortal) {
        // It hangs in the kernel, and never again runs code of its own.
        after(random.nextInt(20_000_000), worker::freeze);
      } else {
        after(random.nextInt(20_000_000), worker::die);
      }
    }

    @Override
    public boolean condemn(long workerId, long run) {
      long jobId = jobOf(run);
      SimWorker worker = workers.get(workerId);
      SimSlot slot = worker.running(run);
      if (slot == null) {
        return false;
      }
      SimJob sim = byId.get(jobId);
      check(
          config.slots() == 1 || !worker.honest() || sim.warnedLongAgo(now),
          "a job is not asked to end before its neighbours end with it");
      slot.board = new Progress(Progress.State.CONDEMNED, run, slot.board.startedNanos(), 0);
      sim.condemned = true;
      sim.condemnedAt = now;
      sim.progressedThen = sim.warned ? sim.progressedThen : worker.progressedAt(sim);
      return true;
    }

    @Override
    public List<Progress> progress(long workerId) {
      SimWorker worker = workers.get(workerId);
      List<Progress> slots = new ArrayList<>();
      for (SimSlot slot : worker.slots) {
        slots.add(progress(worker, slot));
      }
      return slots;
    }

    private Progress progress(SimWorker worker, SimSlot slot) {
      if (worker.liesOnBoard && random.nextBoolean()) {
        return new Progress(
            Progress.State.RUNNING, random.nextInt(40), now + random.nextInt(), random.nextLong());
      }
      Progress board = slot.board;
      if (board.state() != Progress.State.RUNNING) {
        return board;
      }
      long started = worker.claimsLateStart ? now : board.startedNanos();
      long progressed = slot.current == null ? started : worker.progressedAt(slot.current);
      return new Progress(board.state(), board.run(), started, progressed);
    }

    @Override
    public long beats(long workerId) {
      SimWorker worker = workers.get(workerId);
      if (worker.liesOnBoard) {
        return random.nextInt(3);
      }
      return (worker.frozen && !worker.beatsOn ? worker.frozenAt : now) / (250 * MILLIS);
    }

    @Override
    public void frozen(long workerId) {
      SimWorker worker = workers.get(workerId);
      check(
          worker.liesOnBoard || (worker.frozen && !worker.beatsOn),
          "a worker that lives is frozen");
    }

    @Override
    public void weigh(long workerId) {
      SimWorker worker = workers.get(workerId);
      check(!worker.onScales, "a worker is weighed twice at once");
      worker.onScales = true;
      worker.weighedAt = now;
      long bytes = random.nextInt(8) == 0 && !worker.proven ? 0 : worker.memory();
      after(
          random.nextInt(random.nextInt(10) == 0 ? 800 : 60) * MILLIS,
          () -> {
            worker.onScales = false;
            worker.weighedOnce = true;
            worker.heavy |= limits.memoryBytes() > 0 && bytes > limits.memoryBytes();
            worker.heavy |= !worker.proven && limits.exceededByFresh(bytes);
            if (bytes > 0 && !worker.forgotten) {
              worker.reported = bytes;
              lastFresh = worker.proven ? lastFresh : bytes;
            }
            observeLargest();
            scheduler.weighed(workerId, bytes, now);
            worker.maybeReady();
          });
    }

    @Override
    public void overweight(long workerId, long bytes) {
      SimWorker worker = workers.get(workerId);
      check(worker.heavy && !worker.proven, "a worker is taken for overweight from its birth");
      if (worker.generation == candidate) {
        worker.overweightOnTrial = true;
      } else {
        countFailedBoot(worker, "memory");
      }
      worker.overweight = true;
    }

    @Override
    public void reloaded() {
      check(candidateProven, "reloaded without a proof");
      check(
          workers.values().stream().allMatch(w -> w.forgotten || w.generation == candidate),
          "reloaded while an old worker is there");
      trusted = candidate;
      candidate = 0;
      candidateProven = false;
    }

    @Override
    public void rolledBack(long workerId) {
      check(candidate != 0, "rolled back what was not under way");
      rolledBack = true;
      SimWorker worker = workers.get(workerId);
      if (worker == null) {
        check(closing || scheduler.broken(), "rolled back for nothing");
      } else {
        boolean failed = worker.stillborn() || worker.overweightOnTrial;
        check(worker.generation == candidate && failed, "rolled back for nothing");
        worker.failedTrial = true;
      }
      candidate = 0;
      candidateProven = false;
    }

    @Override
    public void dequeued(Job<SimJob> job) {
      job.attachment().dequeued++;
    }

    @Override
    public boolean wantsRetry(Job<SimJob> job, Object reply) {
      return job.attachment().retriesFailures;
    }

    @Override
    public void retrying(Job<SimJob> job, boolean lost, long runNanos, long pauseNanos) {
      SimJob sim = job.attachment();
      check(lost ? sim.spec.retryLost() : sim.retriesFailures, "a retry that nobody asked for");
      check(!job.askedToStop() || lost, "a job that was asked to stop runs again");
      long whole = sim.spec.backoffNanos() << Math.min(1, job.attempt() - 1);
      check(pauseNanos <= whole && pauseNanos >= whole / 2, "a pause of " + pauseNanos);
      sim.restUntil = now + pauseNanos;
    }

    @Override
    public void complete(Job<SimJob> job, Outcome outcome) {
      SimJob sim = job.attachment();
      check(sim.outcome == null, "a job ended twice, then as ", outcome);
      sim.outcome = outcome;
      sim.lingers = job.lingers();
      boolean stopped = outcome instanceof Outcome.Cancelled || outcome instanceof Outcome.TimedOut;
      boolean warned = sim.warned || (config.slots() > 1 && tainted());
      boolean byReply = outcome instanceof Outcome.TimedOut && warned && !sim.lingers;
      check(
          sim.lingers == (stopped && sim.holder != 0) || byReply,
          "ended in a worker's hands or not?");
      checkStart(job);
      SimWorker worker = workers.get(job.workerId());
      boolean honest = worker != null && worker.honest();
      if (outcome instanceof Outcome.Replied replied) {
        Reply reply = (Reply) replied.reply();
        check(reply.jobId() == job.id(), "a job got another's reply");
        check(
            reply.workerId() == job.workerId(), "a job got a reply from a worker that had it not");
        check(!sim.condemned || sim.finished, "a condemned job was answered");
        boolean again = sim.retriesFailures && !sim.asked && job.attempt() <= sim.spec.retries();
        check(replied.ok() || !again || !honest, "given up with retries left");
        check(!sim.warned || !honest, "a job was answered that had exceeded its time");
      } else if (outcome instanceof Outcome.TimedOut timedOut) {
        boolean stalled = timedOut.deadline() == Deadline.STALL;
        long allowed = stalled ? sim.spec.stallNanos() : sim.spec.runNanos();
        // One that lies may start it afterwards, when it is in another's hands.
        honest &= sim.startedOn == job.workerId();
        long since = !honest ? 0 : stalled ? sim.progressedThen : sim.startedAt;
        check(allowed > 0, "timed out without a deadline");
        long passed = sim.warned ? sim.warnedAt : sim.condemnedAt;
        check(!honest || passed - since >= allowed, "timed out before its time");
        check(!honest || sim.startedHere, "a job timed out that never started");
        // Where it was given back by one that lies it may have ended there.
        boolean inTime = sim.finished && honest && !sim.warned && !tainted();
        check(!inTime, "a job timed out that had ended in time");
        check(
            timedOut.dump() == null || timedOut.dump().equals("dump of job " + job.id()),
            "the dump of another job");
      } else if (outcome instanceof Outcome.Lost lost && honest) {
        check(sim.startedHere || sim.givenBack, "a job was lost that had not started");
        check(
            lost.finished() == sim.finished || sim.givenBack,
            "lost with finished=" + lost.finished());
        check(
            lost.finished() || !sim.spec.retryLost() || job.attempt() > sim.spec.retries(),
            "given up with retries left");
      } else if (outcome instanceof Outcome.Broken) {
        check(
            alikeTwice || hopeless() || seenBroken,
            "broken after " + stillbornInRow + " failed and " + killedInRow + " killed boots");
      } else if (outcome instanceof Outcome.Refused) {
        check(closing && (!sim.setUp || open() == 0), "a job is refused for nothing");
      } else if (outcome instanceof Outcome.Gone) {
        SimWorker own = workers.get(sim.spec.workerId());
        WorkerView.Stage stage = own == null ? null : stage(own.id);
        check(sim.spec.workerId() != 0, "a job ended for the want of a worker though any would do");
        check(
            stage == null || stage.compareTo(WorkerView.Stage.BUSY) > 0,
            "a job ended for the want of its worker, which is there");
      } else if (outcome instanceof Outcome.Expired) {
        boolean bereaved = sim.holder != 0 && workers.get(sim.holder).endsAt >= 0;
        check(sim.holder == 0 || sim.askedBack || bereaved, "a job expired in a worker's hands");
        check(sim.starts == 0 || tainted(), "a job expired that had started");
        check(now - sim.submittedAt >= sim.spec.queueNanos(), "expired before its time");
      }
    }

    @Override
    public void left(Job<SimJob> job) {
      SimJob sim = job.attachment();
      SimWorker worker = workers.get(job.workerId());
      check(sim.lingers && !sim.left, "a job left its worker twice, or for nothing");
      sim.left = true;
      check(
          !sim.runningNow || !isKnown(worker) || !isKnown(workers.get(sim.startedOn)),
          "a job runs that has left its worker");
      check(
          sim.starts > 0 || job.neverStarted() || sim.givenBack || tainted(),
          "a job is taken for started");
      checkStart(job);
    }

    private WorkerView.Stage stage(long workerId) {
      return scheduler.workers().stream()
          .filter(view -> view.id() == workerId)
          .map(WorkerView::stage)
          .findAny()
          .orElse(null);
    }

    /** Else it may run a job still that is in another's hands by now, or in nobody's. */
    private boolean isKnown(SimWorker worker) {
      return worker.honest() && !worker.immortal;
    }

    private void checkStart(Job<SimJob> job) {
      boolean never = job.attachment().starts == 0;
      check(never || !job.neverStarted() || tainted(), "a job ran that is said not to have");
    }

    @Override
    public void ready(long workerId) {
      SimWorker worker = workers.get(workerId);
      check(worker.greetingRead || worker.greeted, "a worker is ready that never greeted");
      check(!worker.toldReady && !worker.forgotten, "a worker is told to be ready twice, or dead");
      worker.toldReady = true;
    }

    @Override
    public void forget(long workerId, boolean lost) {
      SimWorker worker = workers.get(workerId);
      check(!worker.forgotten, "a worker died twice");
      check(!lost || !overThen, "a worker is told to be lost at the end");
      check(worker.toldReady == worker.proven, "ready, and not told of, or the other way round");
      lostWorkers += lost ? 1 : 0;
      worker.forgotten = true;
      boolean gone =
          worker.exitTold && (worker.endTold || !worker.greeted || worker.socketHeldOpen);
      check(gone || worker.immortal || worker.toldToEnd || worker.exitTold, "buried alive");
      check(
          worker.endTold
              || worker.socketHeldOpen
              || worker.immortal
              || !worker.greetingRead
              || worker.inSocket.isEmpty()
              || worker.frozen,
          "judged before its socket was read to its end");
      for (SimJob sim : jobs) {
        if (sim.holder == workerId) {
          sim.holder = 0;
          sim.bereaved = true;
        }
      }
      boolean stillborn = worker.stillborn();
      check(!stillborn || worker.generation != candidate, "a reload goes on without its worker");
      if (stillborn) {
        countFailedBoot(worker, worker.cause);
      }
    }

    private void countFailedBoot(SimWorker worker, String cause) {
      if (worker.failedTrial || worker.generation != currentGeneration()) {
        return;
      }
      if (worker.killTold) {
        killedInRow++;
      } else {
        stillbornInRow++;
        if (cause != null && !worker.proven) {
          alikeInRow = cause.equals(lastCause) ? alikeInRow + 1 : 1;
          lastCause = cause;
          alikeTwice |= !everReady && alikeInRow >= config.firstBootBudget();
        }
      }
      lastStillborn = now;
    }

    @Override
    public void terminated() {
      terminated++;
      check(
          Arrays.stream(jobs.toArray()).allMatch(j -> ((SimJob) j).outcome != null),
          "ended too soon");
    }
  }
}
