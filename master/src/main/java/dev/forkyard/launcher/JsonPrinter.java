package dev.forkyard.launcher;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import dev.forkyard.launcher.BatchEvent.JobEnd;
import dev.forkyard.pool.JobReport;
import dev.forkyard.pool.TextResult;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Writes one compact JSON object a line for each job, the failed ones too. */
final class JsonPrinter implements ResultPrinter {

  private final JsonGenerator json;

  JsonPrinter(OutputStream out) throws IOException {
    JsonFactory factory =
        JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build();
    json = factory.createGenerator(out, JsonEncoding.UTF8);
    json.setRootValueSeparator(null);
  }

  @Override
  public void print(JobEnd end) throws IOException {
    json.writeStartObject();
    json.writeNumberField("job", end.number());
    json.writeStringField("input", end.input().text());
    json.writeBooleanField("ok", end.error() == null);
    if (end.error() == null) {
      writeResult(end.result());
    } else {
      writeFailure(Failure.of(end.error()));
    }
    writeRun(end);
    json.writeEndObject();
    json.writeRaw('\n');
  }

  private void writeResult(@Nullable TextResult result) throws IOException {
    json.writeFieldName("result");
    if (result == null) {
      json.writeNull();
    } else if (result.isString()) {
      json.writeString(result.text());
    } else {
      json.writeRawValue(result.text());
    }
  }

  private void writeFailure(Failure failure) throws IOException {
    json.writeStringField("error", failure.message());
    json.writeStringField("kind", failure.kind());
  }

  private void writeRun(JobEnd end) throws IOException {
    OptionalLong worker = end.howItWent().map(JobReport::workerPid).orElse(OptionalLong.empty());
    json.writeFieldName("worker");
    if (worker.isPresent()) {
      json.writeNumber(worker.getAsLong());
    } else {
      json.writeNull();
    }
    json.writeNumberField("attempt", end.howItWent().map(JobReport::attempt).orElse(0));
    json.writeFieldName("ms");
    json.writeNumber(millis(end.howItWent().map(JobReport::runTime).orElse(Duration.ZERO)));
  }

  private static String millis(Duration duration) {
    long micros = TimeUnit.NANOSECONDS.toMicros(duration.toNanos());
    return BigDecimal.valueOf(micros, 3).stripTrailingZeros().toPlainString();
  }

  @Override
  public void flush() throws IOException {
    json.flush();
  }
}
