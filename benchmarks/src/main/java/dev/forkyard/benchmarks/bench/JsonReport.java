package dev.forkyard.benchmarks.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.forkyard.benchmarks.measure.Latency;
import dev.forkyard.benchmarks.measure.OtherLoad;
import dev.forkyard.benchmarks.measure.Series;
import dev.forkyard.benchmarks.measure.Spread;

/** The report as JSON. */
final class JsonReport {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private JsonReport() {}

  static String of(Report report) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("started", report.started().toString());
    json.put("seconds", report.seconds());
    json.put("workers", report.workers());
    json.put("othersCores", report.othersCores());
    json.put("busy", OtherLoad.isBusy(report.othersCores()));
    json.set("machine", MAPPER.valueToTree(report.machine()));
    report.comparisons().forEach(measured -> add(json.withArray("throughput"), measured));
    report.latencies().forEach(latency -> add(json.withArray("latency"), latency));
    report.figures().forEach(figure -> add(json.withArray("figures"), figure));
    return json.toPrettyString() + "\n";
  }

  private static void add(ArrayNode to, Comparison measured) {
    ObjectNode json = to.addObject();
    json.put("workload", measured.workload());
    json.put("inFlightPerWorker", measured.inFlight());
    json.put("addedMicrosPerJob", measured.addedMicros());
    series(json.putObject("pool"), measured.pool());
    against(json.putObject("oneThread"), measured.oneThread(), measured.pool());
    against(json.putObject("threads"), measured.threads(), measured.pool());
    measured.limit().ifPresent(limit -> against(json.putObject("limit"), limit, measured.pool()));
  }

  private static void against(ObjectNode json, Series series, Series pool) {
    series(json, series);
    spread(json.putObject("poolRatio"), pool.ratioTo(series));
  }

  private static void series(ObjectNode json, Series series) {
    json.put("name", series.contender());
    spread(json.putObject("jobsPerSecond"), series.perSecond());
    spread(json.putObject("masterMicrosPerJob"), series.masterMicros());
    spread(json.putObject("workerMicrosPerJob"), series.workerMicros());
  }

  private static void add(ArrayNode to, Latency latency) {
    ObjectNode json = to.addObject();
    json.put("name", latency.contender());
    spread(json.putObject("p50Micros"), latency.medianMicros());
    json.put("p99Micros", latency.percentileMicros(99));
    json.put("p999Micros", latency.percentileMicros(99.9));
    spread(json.putObject("cpuMicrosPerJob"), latency.cpuMicros());
  }

  private static void add(ArrayNode to, Figure figure) {
    ObjectNode json = to.addObject();
    json.put("group", figure.group());
    json.put("name", figure.name());
    json.put("unit", figure.unit());
    spread(json, figure.value());
  }

  private static void spread(ObjectNode json, Spread spread) {
    json.put("median", spread.median());
    json.put("least", spread.least());
    json.put("most", spread.most());
  }
}
