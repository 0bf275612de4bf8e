package dev.forkyard.pool.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A simulation is as good as its oracles: each of these bugs, planted into the scheduler's source,
 * must be caught by it.
 */
@Tag("any-jdk")
class PlantedBugsTest {

  private static final Path SOURCES = Path.of("src/main/java/dev/forkyard/pool/scheduler");
  private static final String PACKAGE = "dev.forkyard.pool.scheduler.";
  private static final long SEEDS = 30_000;

  /**
   * Histories that catch what few do; they are tried first. Whoever changes what histories are like
   * finds the seeds of new ones in what this test prints.
   */
  private static final long[] RARE = {
    162, 163, 191, 206, 225, 241, 277, 314, 341, 379, 493, 576, 640, 751, 762, 790, 884, 904, 945,
    1_150, 1_616, 1_739, 1_750, 2_135, 2_467, 3_599, 3_839, 4_917, 5_044, 5_526, 6_442, 6_489,
    11_282, 24_485, 66_397, 67_509, 1_224_366
  };

  private static final Map<Bug, Future<String>> CATCHES = new HashMap<>();

  /** One planted bug: in this file this text, which stands there once, is replaced. */
  record Bug(String name, String file, String text, String replacement) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Bug> bugs() {
    return Stream.of(
        new Bug(
            "a death loses every job in the worker's hands",
            "Judge.java",
            "unknown |= at < 0 && !replied;",
            "unknown = true;"),
        new Bug(
            "a running job is run again behind the caller's back",
            "Judge.java",
            "        loseRunning(job, ran ? Ladder.ranNanos(worker, slot, now) : 0, now);",
            "        jobs.giveBack(job);"),
        new Bug(
            "a finished job is run again",
            "Judge.java",
            "        loseReply(job);",
            "        loseRunning(job, 0, now);"),
        bug(
            "a worker is dead as soon as its process has exited",
            "if (worker.exited && worker.socketEnded) {",
            "if (worker.exited) {"),
        bug(
            "a socket that ends is no reason to kill",
            "    } else if (!(worker.state() instanceof Draining)) {\n      ladder.kill(worker, now);",
            "    } else if (!(worker.state() instanceof Draining)) {\n"
                + "      worker.exited = false;"),
        bug(
            "a deadline hits whatever runs",
            "      } else if (actions.condemn(worker.id, job.run())) {\n        ladder.timeOut",
            "      } else if (actions.condemn(worker.id, job.run()) || now > 0) {\n        ladder.timeOut"),
        bug(
            "a deadline does not condemn",
            "if (actions.condemn(worker.id, job.run())) {\n        ladder.timeOut",
            "if (progress.runs(job)) {\n        ladder.timeOut"),
        bug(
            "a deadline waits for a worker that does not die",
            "    if (worker.doomed()) {\n"
                + "      jobs.endInHands(job, new Outcome.TimedOut(deadline, null, ranNanos));",
            "    if (worker.doomed()) {\n      job.timer = null;"),
        bug(
            "a cancel does not condemn",
            "} else if (actions.condemn(worker.id, job.run())) {\n      ladder.climb",
            "} else if (progress.runs(job)) {\n      ladder.climb"),
        bug(
            "a cancel hits whatever runs",
            "    Progress progress = Progress.of(job, actions.progress(worker.id));\n"
                + "    if (!progress.runs(job)) {\n"
                + "      return false;\n"
                + "    } else if (mayEndByItself(worker, job, now)) {\n"
                + "      job.timer = timers.at(job.graceEndsNanos, at -> recheckCancelled(worker, job,"
                + " at));\n"
                + "      return true;\n"
                + "    } else if (actions.condemn(worker.id, job.run())) {",
            "    Progress progress = actions.progress(worker.id).get(0);\n"
                + "    if (progress.state() != Progress.State.RUNNING) {\n"
                + "      return false;\n"
                + "    } else if (actions.condemn(worker.id, progress.run())) {"),
        bug(
            "a cancelled job that has started is left alone",
            "worker.find(job.id()) == job && !stopsRun(worker, job, now)) {",
            "worker.find(job.id()) == job) {"),
        new Bug(
            "a reply for an unknown job ends the one at the head",
            "Worker.java",
            "    return null;\n  }",
            "    return head;\n  }"),
        new Bug("a retry is not counted as an attempt", "Jobs.java", "      job.retry();\n", "\n"),
        new Bug(
            "retries have no end",
            "Jobs.java",
            "return job.attempt() <= job.spec().retries();",
            "return job.attempt() > 0;"),
        new Bug(
            "nothing is retried",
            "Jobs.java",
            "return job.attempt() <= job.spec().retries();",
            "return job.attempt() < 0;"),
        new Bug(
            "a lost job is run again that asked for retries after failures alone",
            "Judge.java",
            "if (job.spec().retryLost() && jobs.mayRetry(job)) {",
            "if (jobs.mayRetry(job)) {"),
        bug(
            "a failed job is never run again",
            "boolean again = !ok && jobs.mayRetry(job)",
            "boolean again = now < 0 && jobs.mayRetry(job)"),
        bug(
            "a failed job is run again though it did not ask for that",
            "&& !job.askedToStop() && actions.wantsRetry(job, reply);",
            "&& !job.askedToStop();"),
        bug(
            "a job that was asked to stop is run again",
            "mayRetry(job) && !job.askedToStop() && actions",
            "mayRetry(job) && actions"),
        new Bug(
            "a job is run again without a pause",
            "Jobs.java",
            "    if (pause > 0) {\n      resting",
            "    if (pause < 0) {\n      resting"),
        new Bug(
            "the scoreboard does not tell two attempts of a job apart",
            "Progress.java",
            "return state != State.NONE && run == job.run();",
            "return state != State.NONE && (run ^ job.run()) << 8 == 0;"),
        new Bug(
            "a job rests for ever",
            "Jobs.java",
            "timers.at(now + pause, at -> endRest(job));",
            "timers.at(now + Long.MAX_VALUE / 4, at -> endRest(job));"),
        new Bug(
            "a resting job can't be cancelled",
            "Jobs.java",
            "} else if (resting.remove(job)) {",
            "} else if (now() < 0) {"),
        new Bug(
            "shutdownNow leaves resting jobs open",
            "Jobs.java",
            "    for (Job<J> job : resting) {\n"
                + "      stopWaiting(job);\n"
                + "      end(job, outcome);\n"
                + "    }",
            "\n"),
        new Bug(
            "pauses between retries don't grow",
            "Backoff.java",
            "int shift = Math.min(doublings, MAX_DOUBLINGS);",
            "int shift = 0;"),
        bug(
            "a deadline runs from the hand-out, not from the start",
            "Deadline.Due due = Deadline.next(job, started, earlier",
            "Deadline.Due due = Deadline.next(job, since, earlier"),
        new Bug(
            "a stall is counted from the start",
            "Deadline.java",
            "long since = progressed - started > 0 ? progressed : started;",
            "long since = started;"),
        new Bug(
            "a stall is never seen",
            "Deadline.java",
            "if (spec.stallNanos() > 0) {",
            "if (spec.stallNanos() < 0) {"),
        new Bug(
            "a job is never asked to stop",
            "Deadline.java",
            "if (spec.softNanos() > 0 && !job.askedToStop()) {",
            "if (spec.softNanos() < 0) {"),
        new Bug(
            "a job that was asked to stop is watched no more",
            "Watch.java",
            "due = Deadline.next(job, started, earlier(progress.progressedNanos(), now));\n      }",
            "due = null;\n      }"),
        new Bug(
            "a job that was asked to stop is asked again",
            "Job.java",
            "    askedToStop = true;\n",
            "\n"),
        new Bug(
            "a job that runs again is not asked again",
            "Job.java",
            "      askedToStop = false;\n",
            "\n"),
        bug(
            "a stalled job is said to have run too long",
            "timeOut(worker, job, passed,",
            "timeOut(worker, job, Deadline.RUN,"),
        bug(
            "a deadline follows whatever start the worker claims",
            "Math.min(Math.max(progress.startedNanos(), since), job.seenRunningNanos);",
            "Math.max(progress.startedNanos(), since);"),
        bug(
            "a job that takes over the head of the line has no deadline",
            "    if (job.inSlot) {\n      watch.over(worker, now);\n    }\n    return true;\n  }\n\n"
                + "  /**\n   * The worker gives",
            "    return true;\n  }\n\n  /**\n   * The worker gives"),
        bug(
            "a job handed to an idle worker has no deadline",
            "      if (free) {\n        watch.over",
            "      if (now < 0) {\n        watch.over"),
        new Bug(
            "a cancelled job stays in the queue",
            "Jobs.java",
            "    leaveQueue(job);\n    end(job, outcome);",
            "    end(job, outcome);"),
        bug(
            "the queue's deadline ends a job that runs",
            "if (job.state() instanceof JobState.Queued) {",
            "if (!job.ended()) {"),
        bug(
            "a job behind others is not asked back at the queue's deadline",
            "      watch.recall(worker, new long[] {job.id()}, now);\n    }\n  }\n\n"
                + "  /** Ends the job at once",
            "    }\n  }\n\n  /** Ends the job at once"),
        new Bug(
            "what comes back has no deadline in the queue",
            "Jobs.java",
            "      addFirst(job);\n      watchExpiry(job);",
            "      addFirst(job);"),
        new Bug(
            "a place in the queue is not given back",
            "Jobs.java",
            "    if (job.firstDequeue()) {",
            "    if (job.firstDequeue() && job.id() % 3 != 0) {"),
        new Bug(
            "a place in the queue is given back twice",
            "Jobs.java",
            "    if (job.firstDequeue()) {",
            "    if (job.firstDequeue() || now() > 0) {"),
        bug(
            "a worker that keeps a recalled job in silence is kept",
            "if (!holdsAny(worker, jobIds)) {",
            "if (at > 0) {"),
        bug(
            "a worker that never starts its job is kept",
            "stuck |= now - job.stirredNanos >= config.pulseNanos();",
            "stuck = false;"),
        bug(
            "a worker that never starts its job is kept twice as long",
            "stuck |= now - job.stirredNanos >= config.pulseNanos();",
            "stuck |= now - job.stirredNanos >= 2 * config.pulseNanos();"),
        bug(
            "a worker that runs long is killed by the pulse",
            "        job.stirredNanos = now;\n      }\n      stuck",
            "      }\n      stuck"),
        bug(
            "a worker that shows no sign of life is kept",
            "actions.beats(worker.id)) >= looks) {",
            "actions.beats(worker.id)) < 0) {"),
        bug(
            "a frozen worker without a job is kept as long as one at work",
            "runs ? config.runningLooks() : config.idleLooks();",
            "config.runningLooks();"),
        new Bug(
            "a worker may get any number of jobs",
            "Crew.java",
            "worker.quota -= job.spec().workerId() == 0 ? 1 : 0;",
            "\n"),
        bug(
            "a job that was given back counts against its worker",
            "crew.allow(worker, worker.quota + 1, worker.retired);",
            "crew.allow(worker, worker.quota, worker.retired);"),
        new Bug(
            "several workers are recycled at once",
            "Rotation.java",
            "return leaving == null && !(due.isEmpty() && spent.isEmpty());",
            "return !(due.isEmpty() && spent.isEmpty());"),
        bug(
            "a worker is recycled before its replacement is ready",
            "|| (crew.available() <= wanted() && !noRoom)) {",
            "|| now < 0) {"),
        bug("workers are not recycled on demand", "    crew.all().forEach(this::makeDue);\n", "\n"),
        bug(
            "workers are never too old",
            "worker.age = timers.at(now + age, at -> makeDue(worker));",
            "worker.age = null;"),
        new Bug(
            "limits have no chance in them",
            "Rotation.java",
            "return most - random.nextLong(most / 8 + 1);",
            "return most;"),
        new Bug(
            "limits are a matter of chance",
            "Rotation.java",
            "return most - random.nextLong(most / 8 + 1);",
            "return most - random.nextLong(most / 2 + 1);"),
        new Bug(
            "pauses have no chance in them",
            "Backoff.java",
            "return whole - random.nextLong(whole / 2 + 1);",
            "return whole;"),
        bug(
            "memory is looked at once alone",
            "      weigh(worker);\n    }\n    armPulse(worker, now);",
            "    }\n    armPulse(worker, now);"),
        bug(
            "a worker that holds too much is kept",
            "if (config.limits().exceededBy(bytes)) {",
            "if (now < 0) {"),
        bug(
            "a worker gets jobs before it was weighed",
            "if (config.limits().ofMemory()) {\n        watch.weigh(worker);\n      } else {",
            "if (config.limits().ofMemory()) {\n"
                + "        watch.weigh(worker);\n"
                + "      }\n"
                + "      if (now > 0) {"),
        bug(
            "a worker that holds too much from its birth gets jobs",
            "if (config.limits().exceededByFresh(bytes)) {",
            "if (now < 0) {"),
        bug(
            "workers that hold too much from their birth follow each other for ever",
            "        failedToBoot(worker, now);\n        ladder.kill(worker, now);",
            "        ladder.kill(worker, now);"),
        bug(
            "a worker is weighed again before it was",
            "    if (!worker.onScales) {",
            "    if (worker.id > 0) {"),
        bug(
            "all that are due get no more jobs",
            "    crew.all().forEach(this::makeDue);\n",
            "    crew.all().forEach(this::makeDue);\n"
                + "    crew.all().forEach(worker -> retire(worker, true));\n"),
        bug(
            "what waits for a worker that had its last job is overtaken by others of its keys",
            "rotation.look(worker); // What waits for it has its turn before others of the same"
                + " keys, which any may have now. jobs.endGone();",
            "rotation.look(worker);"),
        bug(
            "one whose job lasts keeps others from being replaced",
            "if (rotation.holdsUp(worker)) {",
            "if (now < 0) {"),
        bug(
            "one that was passed over gets no more jobs",
            "      retire(worker, false);",
            "      retire(worker, true);"),
        bug(
            "a worker that was told to go counts as a failed boot",
            "boolean unasked = !over() && !worker.dismissed && !worker.overweight;",
            "boolean unasked = !over() && !worker.overweight;"),
        bug(
            "once the pool is closed no failed boot counts",
            "boolean unasked = !over() && !worker.dismissed && !worker.overweight;",
            "boolean unasked = !closing && !worker.dismissed && !worker.overweight;"),
        bug(
            "once the pool is closed nobody takes the place of one that has had all its jobs",
            "return !over() && rotation.wantsOneMore();",
            "return !closing && rotation.wantsOneMore();"),
        bug(
            "once the pool is closed a new worker is not given what goes before all others",
            "return submit(job, over(), now);",
            "return submit(job, closing, now);"),
        bug(
            "the next is launched before it is known of what one that never worked ends",
            "} else if (infantsLeaving > 0) {",
            "} else if (now < 0) {"),
        bug("after one that never worked none is launched", "      infantsLeaving--;\n", "\n"),
        bug(
            "a resize does not change how many there are at most",
            "    maxWorkers = most;\n",
            "\n"),
        bug(
            "a resize does not change how many there are at least",
            "    minWorkers = least;\n",
            "\n"),
        bug(
            "workers too many are kept",
            "    if (tooMany <= 0 || closing) {",
            "    if (tooMany != 0 || now > 0) {"),
        bug(
            "those that boot are no workers too many",
            "if (tooMany > 0 && worker.state() instanceof Starting) {",
            "if (tooMany < 0) {"),
        new Bug(
            "workers too many get jobs",
            "Crew.java",
            "allow(worker, worker.quota, isSurplus);",
            "allow(worker, worker.quota, worker.retired);"),
        new Bug(
            "workers too many go with their jobs",
            "Rotation.java",
            "worker.available() && worker.surplus && worker.line.isEmpty());",
            "worker.available() && worker.surplus);"),
        bug(
            "workers too many go though there are not any more",
            "    for (Worker<J> worker : crew.all()) {\n      keep(worker, true);\n    }",
            "\n"),
        new Bug(
            "old workers go before a new one has proven itself",
            "Reload.java",
            "return proven ? candidate : trusted;",
            "return underWay() ? candidate : trusted;"),
        new Bug(
            "several workers are on trial at once",
            "Reload.java",
            "return wantsProof() && !alive.containsKey(candidate);",
            "return wantsProof();"),
        new Bug(
            "a reload has ended before the last old worker is gone",
            "Reload.java",
            "alive.keySet().stream().allMatch(each -> each == candidate);",
            "alive.containsKey(candidate);"),
        bug(
            "a reload goes on though a new worker did not boot",
            "      rollBack(worker.id);",
            "      reload.prove();"),
        bug(
            "a worker on trial counts as a failed boot of the pool",
            "      rollBack(worker.id);",
            "      rollBack(worker.id);\n      supervision.failed(true, null, now);"),
        bug(
            "new workers stay after a reload was rolled back",
            "    reload.rollBack();\n    lookAtGenerations();",
            "    reload.rollBack();"),
        bug(
            "old workers stay after a new one has proven itself",
            "      reload.prove();\n      lookAtGenerations();",
            "      reload.prove();"),
        bug(
            "an old worker that boots meanwhile stays",
            "    }\n    lookAtGeneration(worker);",
            "    }"),
        bug(
            "one that was to go before a reload was rolled back gets no more jobs",
            "if (rotation.chose(worker) && !worker.due()) {",
            "if (worker.id < 0) {"),
        bug(
            "a reload has no end where the pool has one",
            "if (reload.underWay() && (closing || broken)) {",
            "if (reload.underWay() && broken) {"),
        bug(
            "a reload begins while another is under way",
            "return reload.underWay() || closing || broken ? 0",
            "return closing || broken ? 0"),
        bug(
            "a worker on trial is one more than may be",
            "reload.wantsTrial() && roomForOneMore();",
            "reload.wantsTrial();"),
        bug(
            "one is launched to replace another while there are too many",
            "boolean more = wantsOneMore() && roomForOneMore();",
            "boolean more = wantsOneMore();"),
        bug(
            "a worker on trial takes the place of one that is missing",
            "boolean trial = (crew.useful() >= wanted || !room) && wantsTrial();",
            "boolean trial = wantsTrial();"),
        bug(
            "a worker on trial is one too many",
            "return wantsOneMore() || onTrial ? 1 : 0;",
            "return wantsOneMore() ? 1 : 0;"),
        bug(
            "jobs are handed out while memory is short",
            "while (!budget.exceeded()) {",
            "while (true) {"),
        bug(
            "jobs that were handed out are taken back while memory is short",
            "        && !budget.exceeded()\n",
            "\n"),
        bug(
            "the largest worker stays while memory is short",
            "budget.exceeded() && rotation.isIdle() ? budget.largest() : null;",
            "null;"),
        new Bug(
            "the smallest worker goes where memory is short",
            "Budget.java",
            "bySize.descendingSet()",
            "bySize"),
        bug(
            "workers are launched where memory has no room for them",
            "if (!trial && !room) {",
            "if (now < 0) {"),
        bug(
            "not even a first worker is launched where memory is short",
            "boolean room = crew.size() == 0 || budget",
            "boolean room = budget"),
        bug("a reload waits for memory", "if (!trial && !room) {", "if (!room) {"),
        bug(
            "a reload waits for workers that memory has no room for",
            "boolean trial = (crew.useful() >= wanted || !room) && wantsTrial();",
            "boolean trial = crew.useful() >= wanted && wantsTrial();"),
        bug(
            "a worker waits for a replacement that memory has no room for",
            "boolean noRoom = !budget.hasRoom(crew.starting());",
            "boolean noRoom = now < 0;"),
        bug("a dead worker's memory counts", "    budget.forget(worker);\n", "\n"),
        new Bug(
            "those that boot are not counted in memory",
            "Budget.java",
            "(unweighed + 1) * fresh",
            "fresh"),
        new Bug(
            "a worker that is larger than all may be gets jobs",
            "Limits.java",
            "return exceededBy(bytes) || (budgetBytes > 0 && bytes > budgetBytes);",
            "return exceededBy(bytes);"),
        new Bug(
            "a worker is taken for frozen after many looks",
            "Vitals.java",
            "missed = beatsNow == beats ? missed + 1 : 0;",
            "missed++;"),
        new Bug(
            "first boots that fail alike don't break the pool",
            "Supervision.java",
            "alikeInRow = cause.equals(lastCause) ? alikeInRow + 1 : 1;",
            "alikeInRow = 0;"),
        new Bug(
            "first boots that fail for different causes break the pool at once",
            "Supervision.java",
            "alikeInRow = cause.equals(lastCause) ? alikeInRow + 1 : 1;",
            "alikeInRow++;"),
        new Bug(
            "later boots that fail alike break the pool as first ones do",
            "Supervision.java",
            "    everBooted = true;\n",
            "\n"),
        bug(
            "a large transfer is taken for a stuck worker",
            "if (stuck && now - worker.heardNanos >= config.pulseNanos()) {",
            "if (stuck) {"),
        bug(
            "an answer that waits behind a large transfer is taken for silence",
            "} else if (patience - at > 0) {",
            "} else if (at < 0) {"),
        bug(
            "a kill is taken for granted",
            "Timers.Timer step = timers.at(now + config.abandonNanos(), at -> ends.reached(worker, at));",
            "Timers.Timer step = timers.at(now + Long.MAX_VALUE / 4, at -> ends.reached(worker, at));"),
        bug(
            "the second half of a death is awaited for ever",
            "timers.at(now + config.lastWordsNanos(), at -> ends.reached(worker, at));",
            "timers.at(now + Long.MAX_VALUE / 4, at -> ends.reached(worker, at));"),
        bug(
            "a worker that never boots is waited for",
            "              if (late != null) {",
            "              if (late != null && at < 0) {"),
        bug(
            "a worker that is slow to boot and then dies at once counts as one that works",
            "now - worker.readyNanos < INFANCY_NANOS",
            "now - worker.bornNanos < INFANCY_NANOS"),
        bug(
            "a worker that never drains is waited for",
            "timers.at(now + config.drainNanos(), at -> kill(worker, at));",
            "timers.at(now + Long.MAX_VALUE / 4, at -> kill(worker, at));"),
        bug(
            "SIGTERM is the last word",
            "Timers.Timer step = timers.at(now + rest, at -> kill(worker, at));",
            "Timers.Timer step = timers.at(now + Long.MAX_VALUE / 4, at -> kill(worker, at));"),
        bug(
            "a missing thread dump is awaited for ever",
            "timers.at(now + config.dumpNanos(), at -> terminate(worker, null, at));",
            "timers.at(now + Long.MAX_VALUE / 4, at -> terminate(worker, null, at));"),
        bug(
            "the dump of another job is taken",
            "        && killing.condemned().id() == jobId) {",
            "        && jobId > 0) {"),
        bug(
            "a condemned job's reply is taken",
            "if (worker == null || job == null || ladder.isCondemned(worker, job)) {",
            "if (worker == null || job == null) {"),
        new Bug(
            "a failed boot is followed by the next at once",
            "Supervision.java",
            "return failedInRow + killedInRow == 0 ? 0 : notBeforeNanos - now;",
            "return 0;"),
        new Bug(
            "a boot that was killed from outside is followed by the next at once",
            "Supervision.java",
            "return failedInRow + killedInRow == 0 ? 0 : notBeforeNanos - now;",
            "return failedInRow == 0 ? 0 : notBeforeNanos - now;"),
        new Bug(
            "boots that are killed from outside break the pool as soon as failed ones",
            "Supervision.java",
            "if (killed) {",
            "if (now < 0) {"),
        new Bug(
            "boots that are killed from outside never break the pool",
            "Supervision.java",
            "killedInRow >= config.killedBootBudget()",
            "killedInRow < 0"),
        new Bug(
            "a failed boot counts as one that was killed from outside",
            "Supervision.java",
            "if (killed) {",
            "if (now != 0) {"),
        new Bug(
            "failed boots never break the pool",
            "Supervision.java",
            "|| failedInRow >= config.bootBudget() || killedInRow >= config.killedBootBudget();",
            ";"),
        new Bug(
            "good boots don't make up for failed ones",
            "Supervision.java",
            "  void proved() {\n    failedInRow = 0;",
            "  void proved() {"),
        new Bug(
            "good boots don't make up for those that were killed",
            "Supervision.java",
            "    failedInRow = 0;\n    killedInRow = 0;",
            "    failedInRow = 0;"),
        bug(
            "jobs are not taken back for an idle worker",
            "idle.hasFreeSlot() && victim != null",
            "idle.load() < 0 && victim != null"),
        bug(
            "one that does not answer keeps others from being asked for their jobs",
            "      timers.at(now + Watch.RECHECK_NANOS, at -> {});\n",
            "\n"),
        bug(
            "a worker may give back what it was not asked for",
            "if (recalled == null || !containsAll(recalled, jobIds)) {",
            "if (now < 0) {"),
        bug(
            "jobs are taken back, and lost",
            "        giveBack(job);\n      }\n    }\n    rotation",
            "        stopWaiting(job);\n      }\n    }\n    rotation"),
        new Bug(
            "a job that was given back counts as an attempt",
            "Jobs.java",
            "      left(job);\n    } else {\n      job.become(JobState.QUEUED);",
            "      left(job);\n"
                + "    } else {\n"
                + "      job.retry();\n"
                + "      job.become(JobState.QUEUED);"),
        new Bug(
            "payloads in flight have no limit",
            "Dispatch.java",
            "candidate.bytes + job.spec().bytes() <= config.maxBytesInFlight()",
            "now() > 0"),
        new Bug(
            "a replied job is forgotten when the worker dies behind it",
            "Judge.java",
            "worker.replied.contains(slot.run());",
            "now() < 0;"),
        new Bug(
            "what a slot ran before the last reply is unknown",
            "Replied.java",
            "all == null ? run == last : all.contains(run)",
            "run == last"),
        new Bug(
            "what a slot still speaks of is forgotten",
            "Replied.java",
            "spokenOf.stream().noneMatch(",
            "spokenOf.stream().anyMatch("),
        new Bug(
            "a job before the furthest that has started counts as not started",
            "Judge.java",
            "} else if (i <= furthest) {",
            "} else if (slot.state() == Progress.State.ENDED) {"),
        new Bug(
            "the slot that is told of last counts as the furthest",
            "Judge.java",
            "furthest = Math.max(furthest, at);",
            "furthest = at;"),
        new Bug(
            "one slot is heard alone",
            "Progress.java",
            "if (slot.reached(job)) {",
            "if (slot == slots.get(0) && slot.reached(job)) {"),
        new Bug(
            "a worker gets jobs for one slot alone",
            "Worker.java",
            "return line.size() < slots;",
            "return line.isEmpty();"),
        bug(
            "a job in another slot than the first has no deadline",
            "worker.inSlots().forEach(job -> watchSlot(worker, job, now));",
            "watchSlot(worker, head, now);"),
        bug(
            "a job is not asked to end before its neighbours end with it",
            "if (worker.slots == 1) {\n      return false;",
            "if (worker.slots >= 1) {\n      return false;"),
        bug(
            "a job that was asked to end has no time for it",
            "job.graceEndsNanos = now + config.hardNanos();",
            "job.graceEndsNanos = now;"),
        bug(
            "a job that was asked to end has all time for it",
            "return job.graceEndsNanos - now > 0;",
            "job.graceEndsNanos = now + config.hardNanos();\n    return true;"),
        bug(
            "a job that ends after its deadline has succeeded",
            "if (job.overdue != null) {",
            "if (now < 0) {"),
        bug(
            "a job that does not start behind others that run is not seen",
            "stuck |= now - job.stirredNanos >= config.pulseNanos();",
            "stuck = now - job.stirredNanos >= config.pulseNanos() && !runs;"),
        new Bug(
            "a job has no deadline on its second worker",
            "Job.java",
            "      inSlot = false;\n",
            "\n"),
        bug(
            "workers for jobs, and not for as many as one runs",
            "(jobs.pending() - jobs.setUps() + config.slots() - 1) / config.slots();",
            "jobs.pending() - jobs.setUps();"),
        bug(
            "what a new worker is to do first has another one launched",
            "(jobs.pending() - jobs.setUps() + config",
            "(jobs.pending() + config"),
        bug(
            "shutdownNow leaves the queue",
            "    jobs.endAllQueued(new Outcome.Cancelled());\n",
            "\n"),
        bug(
            "shutdownNow leaves running jobs open",
            "          jobs.endInHands(job, new Outcome.Cancelled());\n"
                + "        }\n"
                + "      }\n"
                + "      ladder.kill(worker, now);",
            "        }\n      }\n      ladder.kill(worker, now);"),
        bug(
            "closing forgets workers that boot",
            "worker.state() instanceof Starting && over()",
            "worker.state() instanceof Starting && now < 0"),
        bug(
            "closing does not wait for the last worker",
            "if (over() && crew.size() == 0) {",
            "if (over()) {"),
        bug(
            "a lost worker is not replaced",
            "if (!trial && crew.useful() >= wanted + (more ? 1 : 0)) {",
            "if (!trial && crew.useful() >= wanted + (more ? 1 : 0) || lost > 0) {"),
        bug(
            "too many workers are launched",
            "if (!trial && crew.useful() >= wanted + (more ? 1 : 0)) {",
            "if (!trial && crew.useful() >= wanted + 1) {"),
        new Bug(
            "the queue is last in, first out",
            "Jobs.java",
            "if (!waiting.addLast(job)) {",
            "if (!waiting.addFirst(job)) {"),
        new Bug(
            "a job that was cancelled in a worker's hands never leaves them",
            "Jobs.java",
            "      job.returnedUnstarted();\n      left(job);",
            "      job.returnedUnstarted();"),
        new Bug(
            "a job has left its worker as soon as it is cancelled",
            "Jobs.java",
            "    job.linger();\n    end(job, outcome);",
            "    job.linger();\n    end(job, outcome);\n    actions.left(job);"),
        bug(
            "a job that answers after it was cancelled does not leave its worker",
            "    } else {\n      jobs.left(job);\n    }",
            "    }"),
        new Bug(
            "a job that ran is said never to have started",
            "Job.java",
            "    neverStarted = attempt == 1;",
            "    neverStarted = true;"),
        new Bug(
            "a job that was returned is not known never to have started",
            "Jobs.java",
            "      job.returnedUnstarted();\n      left(job);",
            "      left(job);"),
        bug("a worker that becomes ready is not told of", "    actions.ready(worker.id);\n", ""),
        bug(
            "a worker that was dismissed is told to be lost",
            "    actions.forget(worker.id, unasked);",
            "    actions.forget(worker.id, !worker.asked && !closing);"),
        new Bug(
            "priorities have no effect",
            "JobLine.java",
            "first.submittedNanos - level * levelNanos;",
            "first.submittedNanos;"),
        new Bug(
            "the highest priority always goes first",
            "JobLine.java",
            "if (next == null || nanos - nextNanos < 0) {",
            "if (next == null) {"),
        new Bug(
            "the oldest level is forgotten where there are several",
            "JobLine.java",
            "level >= lowest; level--",
            "level > lowest; level--"),
        new Bug(
            "labels do not take turns",
            "JobQueue.java",
            "      turns.addLast(turns.removeFirst());",
            "      turns.size();"),
        new Bug(
            "a label that comes back goes first",
            "JobQueue.java",
            "    if (line.isEmpty()) {\n      turns.addLast(line);",
            "    if (line.isEmpty()) {\n      turns.addFirst(line);"),
        new Bug(
            "what is for one worker goes to any",
            "Waiting.java",
            "if (job.spec().workerId() == 0) {",
            "if (job.id() > 0) {"),
        new Bug(
            "what is for one worker waits for ever where that is gone",
            "Waiting.java",
            "if (tie.worker.leaves()) {",
            "if (now() < 0) {"),
        new Bug(
            "what is for one worker waits for its turn",
            "Tie.java",
            "    if (first.queue == own) {\n      return true;",
            "    if (first.queue == own) {\n      return !keyedLast;"),
        new Bug(
            "jobs wait for ever for the worker that had their key",
            "Waiting.java",
            "if (!tie.worker.takesJobs()) {",
            "if (now() < 0) {"),
        new Bug(
            "what comes back from a worker that gets no more jobs comes last",
            "Waiting.java",
            "queue.addFirst(back.get(i));",
            "queue.addLast(back.get(i));"),
        new Bug(
            "a key goes to whichever worker is free",
            "Dispatch.java",
            "if (holder != null || head.spec().affinity() == null) {\n"
                + "      return holder != null ? holder : anyFor(head);",
            "if (now() > 0) {\n      return anyFor(head);"),
        new Bug(
            "a worker that has a key is forgotten at once",
            "Waiting.java",
            "      key.worker = worker;\n",
            "\n"),
        new Bug(
            "keys that jobs have are forgotten",
            "Waiting.java",
            "      unused.remove(key);\n",
            "\n"),
        new Bug(
            "keys are never forgotten",
            "Waiting.java",
            "while (keys.size() > config.maxKeys() && !unused.isEmpty()) {",
            "while (now() < 0) {"),
        new Bug(
            "keys of ended jobs count as in use", "Jobs.java", "    waiting.release(job);\n", ""),
        new Bug(
            "keys go before all other jobs",
            "Tie.java",
            "keyed.rank(other) <= 0 : !keyedLast;",
            "keyed.rank(other) <= 0 : true;"),
        new Bug(
            "jobs without a key go before those that have one",
            "Tie.java",
            "keyed.rank(other) <= 0 : !keyedLast;",
            "keyed.rank(other) <= 0 : false;"),
        new Bug(
            "a new key goes to a worker at work",
            "Dispatch.java",
            "Boolean.compare(b.load() == 0, a.load() == 0);",
            "Boolean.compare(a.load() == 0, b.load() == 0);"),
        bug(
            "jobs are taken back that no other worker may have",
            "if (!job.spec().tied()) {",
            "if (now > 0) {"),
        new Bug(
            "shutdownNow leaves what waits for one worker",
            "Waiting.java",
            "if (!tie.isEmpty()) {",
            "if (now() < 0) {"),
        new Bug(
            "what is for one worker alone counts as one of its jobs",
            "Crew.java",
            "worker.quota -= job.spec().workerId() == 0 ? 1 : 0;",
            "worker.quota--;"),
        bug(
            "workers that idle stay though there are more than should be",
            "      keep(worker, false);\n    }\n  }",
            "    }\n  }"),
        bug(
            "workers that idle go below the minimum",
            "if (closing || tooManyForTheJobs() <= 0) {",
            "if (closing) {"),
        bug(
            "workers go before they have idled for long",
            "} else if (goes - now > 0) {",
            "} else if (now < 0) {"),
        bug(
            "no spare is kept warm",
            "long spare = closing ? 0 : config.spareWorkers();",
            "long spare = 0;"),
        bug(
            "the one that idles is not known to do so since its last job",
            "    if (head == null) {\n      worker.idleSinceNanos = now;\n    } else",
            "    if (head == null) {\n    } else"),
        new Bug(
            "another worker than the chosen one gets the job",
            "Dispatch.java",
            "index < candidates.size() ? candidates.get(index) : null;",
            "index < candidates.size() ? candidates.get(0) : null;"),
        new Bug(
            "a choice that is none holds jobs up",
            "Dispatch.java",
            "    if (chosen != null) {\n      return chosen;\n    }",
            "    if (chosen != null || chooses) {\n      return chosen;\n    }"),
        new Bug(
            "a job that was taken back may be chosen to go where it was",
            "Dispatch.java",
            "if (job.takenBack && candidates",
            "if (now() < 0 && candidates"),
        new Bug(
            "a choice takes the room of a large job that waits for it",
            "Dispatch.java",
            "|| isReserved(each));",
            "|| now() < 0);"),
        new Bug("the counters miss a job", "Jobs.java", "      cancelled++;\n", "\n"));
  }

  /** In the scheduler itself, or what it has its workers watched and ended by. */
  private static Bug bug(String name, String text, String replacement) {
    String file =
        Stream.of("Watch.java", "Ladder.java")
            .filter(each -> pattern(text).matcher(source(each)).find())
            .findFirst()
            .orElse("Scheduler.java");
    return new Bug(name, file, text, replacement);
  }

  private static String source(String file) {
    try {
      return Files.readString(SOURCES.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** However the formatter breaks the lines. */
  private static Pattern pattern(String text) {
    return Pattern.compile(
        Stream.of(text.strip().split("\\s+"))
            .map(Pattern::quote)
            .collect(Collectors.joining("\\s+")));
  }

  /** All are hunted at once, on as many threads as there are cores. */
  @BeforeAll
  static void hunt() {
    ExecutorService hunters =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    bugs().forEach(bug -> CATCHES.put(bug, hunters.submit(() -> caught(bug))));
    hunters.shutdown();
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void everyPlantedBugIsCaught(Bug bug) throws Exception {
    String caught = CATCHES.get(bug).get();
    System.out.printf("planted: %s%n  %s%n", bug, caught);
    assertThat(caught).as("%s, in %,d histories", bug, SEEDS).isNotNull();
  }

  private static String caught(Bug bug) throws Exception {
    Method run =
        planted(bug).loadClass(PACKAGE + "Simulation").getDeclaredMethod("run", long.class);
    run.setAccessible(true);
    for (long i = -RARE.length; i < SEEDS; i++) {
      try {
        run.invoke(null, i < 0 ? RARE[(int) (i + RARE.length)] : i + 1);
      } catch (InvocationTargetException e) {
        return String.valueOf(e.getCause().getMessage());
      }
    }
    return null;
  }

  /** The package once more, with the bug in it, apart from the real one. */
  private static ClassLoader planted(Bug bug) throws IOException {
    String source = source(bug.file);
    Pattern text = pattern(bug.text);
    assertThat(text.matcher(source).results().count())
        .as("%s: the text to replace must stand in %s once", bug, bug.file)
        .isEqualTo(1);
    // Some replacements need a time where none is at hand.
    String changed =
        text.matcher(source)
            .replaceFirst(Matcher.quoteReplacement(bug.replacement))
            .replaceFirst("(?s)}\\s*$", "\n  static long now() {\n    return 1;\n  }\n}\n");
    Map<String, byte[]> classes = compile(bug.file.replace(".java", ""), changed);
    return new ClassLoader(PlantedBugsTest.class.getClassLoader()) {
      @Override
      protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.startsWith(PACKAGE)) {
          return super.loadClass(name, resolve);
        }
        Class<?> loaded = findLoadedClass(name);
        return loaded != null ? loaded : define(name);
      }

      private Class<?> define(String name) throws ClassNotFoundException {
        byte[] bytes = classes.get(name);
        try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
          byte[] code = bytes != null ? bytes : in.readAllBytes();
          return defineClass(name, code, 0, code.length);
        } catch (IOException | NullPointerException e) {
          throw new ClassNotFoundException(name, e);
        }
      }
    };
  }

  private static String home(Class<?> type) {
    return Path.of(URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString()))
        .toString();
  }

  private static Map<String, byte[]> compile(String simpleName, String source) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    Map<String, ByteArrayOutputStream> outputs = new HashMap<>();
    StringWriter messages = new StringWriter();
    try (JavaFileManager files =
        new ForwardingJavaFileManager<>(compiler.getStandardFileManager(null, null, null)) {
          @Override
          public JavaFileObject getJavaFileForOutput(
              Location location, String className, JavaFileObject.Kind kind, FileObject sibling) {
            return new SimpleJavaFileObject(URI.create("mem:///" + className), kind) {
              @Override
              public ByteArrayOutputStream openOutputStream() {
                return outputs.computeIfAbsent(className, name -> new ByteArrayOutputStream());
              }
            };
          }
        }) {
      JavaFileObject input =
          new SimpleJavaFileObject(
              URI.create("mem:///" + simpleName + ".java"), JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
              return source;
            }
          };
      // No more than it needs, since javac opens all jars that it is told of, for each bug anew.
      String classPath = home(Scheduler.class) + File.pathSeparator + home(Nullable.class);
      List<String> options = List.of("-proc:none", "-nowarn", "-cp", classPath);
      boolean compiled =
          compiler.getTask(messages, files, null, options, null, List.of(input)).call();
      assertThat(compiled).as("the planted bug compiles: %s", messages).isTrue();
    }
    Map<String, byte[]> classes = new HashMap<>();
    outputs.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
    return classes;
  }
}
