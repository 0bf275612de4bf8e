'use strict';
const report = JSON.parse(document.getElementById('report').textContent);
const colors = { pool: '#2f6fde', lambdas: '#7fb0ff', threads: '#e0862e', one: '#a9b2bf', limit: '#3aa76d' };
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

Chart.defaults.color = css('--text');
Chart.defaults.borderColor = css('--line');
Chart.defaults.font.family = 'system-ui, sans-serif';
Chart.defaults.animation = false;
Chart.defaults.maintainAspectRatio = false;

const three = (value) => {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 || value === 0 ? 2 : 3;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
};
const short = (value) =>
  value >= 1e6 ? three(value / 1e6) + ' M' : value >= 1e4 ? three(value / 1e3) + ' k' : three(value);
const power = (value) => {
  const digit = value / 10 ** Math.floor(Math.log10(value) + 1e-9);
  return Math.abs(digit - 1) < 1e-6 ? (value >= 1e6 ? value / 1e6 + ' M' : value >= 1e3 ? value / 1e3 + ' k' : value) : null;
};
const whole = (name) => name.charAt(0).toUpperCase() + name.slice(1);

// A thin line from the least to the most of each bar's rounds.
const whiskers = {
  id: 'whiskers',
  afterDatasetsDraw(chart) {
    const context = chart.ctx;
    context.save();
    context.strokeStyle = css('--text');
    context.lineWidth = 1;
    chart.data.datasets.forEach((set, index) => {
      const scale = chart.scales.x;
      chart.getDatasetMeta(index).data.forEach((bar, at) => {
        const spread = (set.spreads || [])[at];
        if (spread && spread.most > spread.least && chart.isDatasetVisible(index)) {
          context.beginPath();
          context.moveTo(scale.getPixelForValue(spread.least), bar.y);
          context.lineTo(scale.getPixelForValue(spread.most), bar.y);
          context.stroke();
        }
      });
    });
    context.restore();
  },
};

// What a bar stands for, behind its end.
const ends = {
  id: 'ends',
  afterDatasetsDraw(chart, args, options) {
    const context = chart.ctx;
    context.save();
    context.font = '12px system-ui, sans-serif';
    context.fillStyle = css('--text');
    context.textBaseline = 'middle';
    chart.data.datasets.forEach((set, index) => {
      const meta = chart.getDatasetMeta(index);
      meta.data.forEach((bar, at) => {
        const value = set.data[at];
        if (value !== null && chart.isDatasetVisible(index) && !(options.lastOnly && index + 1 < chart.data.datasets.length)) {
          const spread = (set.spreads || [])[at];
          const end = Math.max(bar.x, spread ? chart.scales.x.getPixelForValue(spread.most) : 0);
          const text = options.total
            ? short(chart.data.datasets.reduce((sum, other) => sum + other.data[at], 0))
            : short(value);
          context.fillText(text + (options.unit || ''), end + 6, bar.y);
        }
      });
    });
    context.restore();
  },
};

function bars(id, labels, datasets, { log = false, stacked = false, title = '', ticks = short, end = {} } = {}) {
  const place = document.getElementById(id);
  const rows = stacked ? labels.length : labels.length * datasets.length;
  place.style.height = Math.max(140, rows * (stacked ? 34 : 19) + labels.length * 10 + 90) + 'px';
  const canvas = place.appendChild(document.createElement('canvas'));
  new Chart(canvas, {
    type: 'bar',
    data: { labels, datasets: datasets.map((set) => ({ categoryPercentage: 0.86, barPercentage: 0.92, ...set })) },
    options: {
      indexAxis: 'y',
      layout: { padding: { right: 64 } },
      scales: {
        x: {
          type: log ? 'logarithmic' : 'linear',
          stacked,
          title: { display: true, text: title },
          suggestedMax: log ? undefined : Math.max(...datasets.flatMap((set) => (set.spreads || []).map((spread) => spread.most))),
          ticks: { callback: log ? power : ticks, maxRotation: 0 },
        },
        y: { stacked, grid: { display: false } },
      },
      plugins: {
        legend: { position: 'top', align: 'start', display: datasets.length > 1, labels: { boxWidth: 14, boxHeight: 14 } },
        tooltip: {
          callbacks: {
            label: (item) => {
              const spread = (item.dataset.spreads || [])[item.dataIndex];
              return `${item.dataset.label}: ${short(item.raw)}` +
                (spread ? ` (${short(spread.least)} – ${short(spread.most)})` : '');
            },
          },
        },
        ends: end,
      },
    },
    plugins: [whiskers, ends],
  });
}

function table(id, head, rows) {
  const place = typeof id === 'string' ? document.getElementById(id) : id;
  const line = (cells, kind, parent) => {
    const row = parent.appendChild(document.createElement('tr'));
    cells.forEach((cell) => (row.appendChild(document.createElement(kind)).textContent = cell));
  };
  line(head, 'th', place.createTHead());
  const body = place.createTBody();
  rows.forEach((row) => line(row, 'td', body));
}

const machine = report.machine;
document.getElementById('machine').textContent =
  `${machine.cpu}, ${machine.cores} cores, ${machine.memoryMib.toLocaleString('en-US')} MiB, ${machine.system}; ` +
  `Java ${machine.java.trim()}, ${machine.gc}; ${report.workers} workers; ` +
  `${report.started.slice(0, 16).replace('T', ' ')} UTC, ${Math.round(report.seconds)} s`;
if (report.busy) {
  const warning = document.getElementById('warning');
  warning.hidden = false;
  warning.textContent =
    `The machine was busy: others used ${report.othersCores.toFixed(1)} of its ${machine.cores} cores meanwhile. ` +
    'Trust only large differences.';
}

const jobs = report.throughput;
const threads = `${report.workers} threads`;
const labels = jobs.map((job) => job.workload);
const series = (key, label, color) => ({
  label,
  backgroundColor: color,
  data: jobs.map((job) => (job[key] ? job[key].jobsPerSecond.median : null)),
  spreads: jobs.map((job) => (job[key] ? job[key].jobsPerSecond : null)),
});
bars(
  'throughput',
  labels,
  [
    series('pool', 'pool', colors.pool),
    series('threads', threads, colors.threads),
    series('oneThread', 'one thread', colors.one),
    series('limit', 'at most', colors.limit),
  ],
  { log: true, title: 'jobs a second' },
);
const ratio = (other) => (other ? '×' + three(other.poolRatio.median) : '');
const speed = (other) => (other ? short(other.jobsPerSecond.median) : '');
table(
  'throughput-table',
  ['', 'pool', 'least – most', 'one thread', 'pool', threads, 'pool', 'at most', 'pool'],
  jobs.map((job) => [
    job.workload,
    speed(job.pool),
    `${short(job.pool.jobsPerSecond.least)} – ${short(job.pool.jobsPerSecond.most)}`,
    speed(job.oneThread), ratio(job.oneThread),
    speed(job.threads), ratio(job.threads),
    speed(job.limit), ratio(job.limit),
  ]),
);
bars(
  'share',
  labels,
  [{
    label: 'pool',
    backgroundColor: colors.pool,
    data: jobs.map((job) => 100 * job.threads.poolRatio.median),
    spreads: jobs.map((job) => ({
      least: 100 * job.threads.poolRatio.least, most: 100 * job.threads.poolRatio.most,
    })),
  }],
  { title: `percent of ${threads}`, end: { unit: ' %' } },
);
const small = jobs.filter((job) => job.pool.masterMicrosPerJob.median + job.pool.workerMicrosPerJob.median < 2000);
const microsOf = (key, label, color) => ({
  label, backgroundColor: color, stack: 'cpu', data: small.map((job) => job.pool[key].median),
});
bars(
  'cpu',
  small.map((job) => job.workload),
  [microsOf('masterMicrosPerJob', 'master', colors.pool), microsOf('workerMicrosPerJob', 'workers', colors.limit)],
  { stacked: true, title: 'CPU µs a job', end: { lastOnly: true, total: true, unit: ' µs' } },
);

const waits = report.latency;
const percentile = (label, value, color) => ({ label, backgroundColor: color, data: waits.map(value) });
bars(
  'latency',
  waits.map((wait) => wait.name),
  [
    { ...percentile('p50', (wait) => wait.p50Micros.median, colors.pool), spreads: waits.map((wait) => wait.p50Micros) },
    percentile('p99', (wait) => wait.p99Micros, colors.threads),
    percentile('p99.9', (wait) => wait.p999Micros, colors.one),
  ],
  { log: true, title: 'µs' },
);
table(
  'latency-table',
  ['µs', 'p50', 'of the rounds', 'p99', 'p99.9', 'CPU a job'],
  waits.map((wait) => [
    wait.name, three(wait.p50Micros.median), `${three(wait.p50Micros.least)} – ${three(wait.p50Micros.most)}`,
    three(wait.p99Micros), three(wait.p999Micros), three(wait.cpuMicrosPerJob.median),
  ]),
);

const place = document.getElementById('figures');
for (const group of [...new Set((report.figures || []).map((figure) => figure.group))]) {
  const figures = report.figures.filter((figure) => figure.group === group);
  place.appendChild(document.createElement('h2')).textContent = whole(group);
  const units = new Set(figures.map((figure) => figure.unit));
  if (units.size === 1) {
    const chart = place.appendChild(document.createElement('div'));
    chart.className = 'chart';
    chart.id = 'chart-' + group.replace(/\W+/g, '-');
    bars(
      chart.id,
      figures.map((figure) => figure.name),
      [{ label: group, backgroundColor: colors.pool, data: figures.map((figure) => figure.median), spreads: figures }],
      { title: [...units][0] },
    );
  } else {
    const scroll = place.appendChild(document.createElement('div'));
    scroll.className = 'scroll';
    table(
      scroll.appendChild(document.createElement('table')),
      ['', 'median', '', 'least – most'],
      figures.map((figure) => [
        figure.name, three(figure.median), figure.unit, `${three(figure.least)} – ${three(figure.most)}`,
      ]),
    );
  }
}
