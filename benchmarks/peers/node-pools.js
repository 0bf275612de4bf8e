// Pools of Node, measured as README.md says: node node-pools.js fork|piscina|workerpool WORKERS
const { fork } = require('node:child_process');
const readline = require('node:readline');

const [kind, count] = process.argv.slice(2);

// A string as JSON where it is small, bytes by the structured clone where they are large: the faster of the two.
const isLarge = (bytes) => bytes > 4096;
const payload = (bytes) => (isLarge(bytes) ? Buffer.alloc(bytes, 1) : 'x'.repeat(bytes));

if (kind === 'child') {
  process.on('message', (message) => process.send(message));
} else {
  measure(open(kind, Number(count)));
}

function open(kind, workers) {
  if (kind === 'fork') {
    return forkPool(workers);
  }
  if (kind === 'piscina') {
    const { Piscina } = require('piscina');
    const pool = new Piscina({ filename: require.resolve('./node-echo.js'), minThreads: workers, maxThreads: workers });
    return { call: (message) => pool.run(message), close: () => pool.destroy() };
  }
  const workerpool = require('workerpool');
  const pool = workerpool.pool(require.resolve('./node-echo.js'), {
    workerType: 'process', minWorkers: workers, maxWorkers: workers,
  });
  return { call: (message) => pool.exec('echo', [message]), close: () => pool.terminate() };
}

// One child a worker and kind of serialization; each answers in order.
function forkPool(workers) {
  const pools = new Map();
  let next = 0;
  const children = (large) => {
    if (!pools.has(large)) {
      pools.set(large, Array.from({ length: workers }, () => {
        const child = fork(__filename, ['child'], { serialization: large ? 'advanced' : 'json' });
        const waiting = [];
        let head = 0;
        child.on('message', (message) => {
          const done = waiting[head++];
          if (head === 4096) {
            waiting.splice(0, head);
            head = 0;
          }
          done(message);
        });
        return { child, send: (message, done) => { waiting.push(done); child.send(message); } };
      }));
    }
    return pools.get(large);
  };
  const send = (message, done) => children(typeof message !== 'string')[next++ % workers].send(message, done);
  return {
    send,
    call: (message) => new Promise((done) => send(message, done)),
    close: () => [...pools.values()].flat().forEach(({ child }) => child.disconnect()),
  };
}

function run(pool, message, inFlight, millis) {
  return new Promise((resolve) => {
    const start = performance.now();
    let jobs = 0;
    let unfinished = 0;
    const submit = () => {
      unfinished++;
      pool.send ? pool.send(message, ended) : pool.call(message).then(ended);
    };
    const ended = () => {
      jobs++;
      unfinished--;
      if (performance.now() - start < millis) {
        submit();
      } else if (unfinished === 0) {
        resolve(`${jobs} ${(performance.now() - start) / 1000}`);
      }
    };
    for (let i = 0; i < inFlight; i++) {
      submit();
    }
  });
}

async function calls(pool, message, millis) {
  const times = [];
  const start = performance.now();
  let before = start;
  while (before - start < millis) {
    await pool.call(message);
    const after = performance.now();
    times.push((after - before) * 1000);
    before = after;
  }
  times.sort((a, b) => a - b);
  return String(times[times.length >> 1]);
}

async function measure(pool) {
  await pool.call(payload(16));
  console.log('ready');
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [order, bytes, ...numbers] = line.split(' ');
    const message = payload(Number(bytes));
    console.log(order === 'run'
      ? await run(pool, message, Number(numbers[0]), Number(numbers[1]))
      : await calls(pool, message, Number(numbers[0])));
  }
  await pool.close();
}
