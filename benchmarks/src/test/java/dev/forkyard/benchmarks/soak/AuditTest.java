package dev.forkyard.benchmarks.soak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.forkyard.benchmarks.soak.Note.What;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The books of a soak are only worth something if what is wrong in them is found. */
class AuditTest {

  private static final long JOB = 7;

  private final Audit audit = new Audit();
  private long now;

  @Test
  void aJobThatRanOnceAndSucceededIsRight() {
    submitted(JobKind.ECHO, 1);
    ran(1, What.RETURNED);
    ended(Ending.SUCCEEDED, 1);
    assertThat(audit.faults(false)).isEmpty();
    assertThat(audit.tally().jobs()).isEqualTo(1);
    assertThat(audit.tally().count(Ending.SUCCEEDED)).isEqualTo(1);
  }

  @Test
  void aJobThatWasRetriedAsItAskedIsRight() {
    submitted(JobKind.EXIT_ONCE, 3);
    note(What.STARTED, 1);
    ran(2, What.RETURNED);
    ended(Ending.SUCCEEDED, 2);
    assertThat(audit.faults(false)).isEmpty();
  }

  @Test
  void aJobThatRanTwiceAsOneAttemptIsFound() {
    submitted(JobKind.ECHO, 1);
    note(What.STARTED, 1);
    ran(1, What.RETURNED);
    ended(Ending.SUCCEEDED, 1);
    assertFault("ran twice as attempt 1");
  }

  @Test
  void aRetryThatNobodyAskedForIsFound() {
    submitted(JobKind.ECHO, 1);
    note(What.STARTED, 1);
    ran(2, What.RETURNED);
    ended(Ending.SUCCEEDED, 2);
    assertFault("ran as attempt 2 where 1 were asked for");
  }

  @Test
  void aJobThatNeverEndsIsFound() {
    submitted(JobKind.ECHO, 1);
    ran(1, What.RETURNED);
    assertFault("never ended");
  }

  @Test
  void aJobMayBeOpenWhoseMasterWasKilled() {
    submitted(JobKind.ECHO, 1);
    ran(1, What.RETURNED);
    assertThat(audit.faults(true)).isEmpty();
    assertThat(audit.tally().open()).isEqualTo(1);
  }

  @Test
  void aJobThatRanTwiceIsFoundEvenIfItsMasterWasKilled() {
    submitted(JobKind.ECHO, 1);
    note(What.STARTED, 1);
    ran(1, What.RETURNED);
    assertThat(audit.faults(true)).singleElement().asString().contains("ran twice");
  }

  @Test
  void aFutureThatEndsTwiceIsFound() {
    submitted(JobKind.ECHO, 1);
    ran(1, What.RETURNED);
    ended(Ending.SUCCEEDED, 1);
    ended(Ending.LOST, 1);
    assertFault("ended 2 times");
  }

  @Test
  void aSuccessOfAJobThatDidNotRunToItsEndIsFound() {
    submitted(JobKind.ECHO, 1);
    note(What.STARTED, 1);
    ended(Ending.SUCCEEDED, 1);
    assertFault("succeeded but did not run to its end");
  }

  @Test
  void aFailureOfAJobThatDidNotThrowIsFound() {
    submitted(JobKind.THROW, 1);
    ran(1, What.RETURNED);
    ended(Ending.FAILED, 1);
    assertFault("failed but its handler did not throw");
  }

  @Test
  void aJobThatIsSaidToHaveNeverStartedButRanIsFound() {
    submitted(JobKind.IMPATIENT, 1);
    note(What.STARTED, 1);
    ended(Ending.EXPIRED, 0);
    assertFault("never started, it was said (EXPIRED), but it ran");
  }

  @Test
  void aJobThatIsSaidToHaveEndedButDidNotIsFound() {
    submitted(JobKind.ECHO, 1);
    note(What.STARTED, 1);
    ended(Ending.REPLY_LOST, 1);
    assertFault("had ended, it was said, but had not");
  }

  @Test
  void aJobThatRunsAgainAfterItsEndIsFound() {
    submitted(JobKind.ECHO, 3);
    ran(1, What.RETURNED);
    ended(Ending.SUCCEEDED, 1);
    ran(2, What.RETURNED);
    assertFault("started attempt 2 after it had ended as SUCCEEDED");
  }

  @Test
  void aJobThatIsStoppedAtItsDeadlineMayStillGetToItsFirstLine() {
    submitted(JobKind.STALL, 1);
    ended(Ending.TIMED_OUT, 1);
    note(What.STARTED, 1);
    assertThat(audit.faults(false)).isEmpty();
  }

  @Test
  void aJobThatStartsLongAfterItsDeadlineIsFound() {
    submitted(JobKind.STALL, 1);
    ended(Ending.TIMED_OUT, 1);
    now += 11_000_000_000L;
    note(What.STARTED, 1);
    assertFault("started attempt 1 after it had ended as TIMED_OUT");
  }

  @Test
  void aJobThatNobodyCancelledButIsIsFound() {
    submitted(JobKind.ECHO, 1);
    ended(Ending.CANCELLED, 0);
    assertFault("was cancelled, but nobody asked for it");
  }

  @Test
  void aJobThatEndsAsItsKindMustNotIsFound() {
    submitted(JobKind.HALT, 1);
    ran(1, What.RETURNED);
    ended(Ending.SUCCEEDED, 1);
    assertFault("must not end as SUCCEEDED");
  }

  @Test
  void aJobThatNobodySubmittedIsFound() {
    ran(1, What.RETURNED);
    assertFault("was submitted 0 times");
  }

  @Test
  void aRejectionByAnOpenPoolIsFound() {
    submitted(JobKind.ECHO, 1);
    ended(Ending.REJECTED, 0);
    assertFault("was rejected by a pool that was open");
  }

  private void assertFault(String fault) {
    List<String> faults = audit.faults(false);
    assertThat(faults).anySatisfy(each -> assertThat(each).startsWith("job 7 ").contains(fault));
  }

  private void submitted(JobKind kind, int runs) {
    note(What.SUBMITTED, Note.detail(kind, runs));
  }

  private void ran(int attempt, What end) {
    note(What.STARTED, attempt);
    note(end, attempt);
  }

  private void ended(Ending ending, int attempt) {
    note(What.ENDED, Note.detail(ending, attempt));
  }

  private void note(What what, int detail) {
    audit.add(new Note(JOB, what, detail, now++));
  }
}
