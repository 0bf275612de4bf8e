// What benchmarks' ChildProcesses measures, by Node's child_process: node child-process.js METRIC prints one number.
const { fork, spawn } = require('node:child_process');

if (process.argv[2] === 'child') {
  process.on('message', (message) => process.send(message));
} else {
  const [metric, size, count, inFlight] = process.argv.slice(2);
  if (metric === 'spawn') {
    spawnToExit(Number(count), Number(inFlight));
  } else {
    echo(metric, Number(size), Number(count), Number(inFlight));
  }
}

function seconds(since) {
  return Number(process.hrtime.bigint() - since) / 1e9;
}

async function spawnToExit(count, inFlight) {
  let started = 0;
  const worker = async () => {
    while (started++ < count) {
      await new Promise((done) => spawn('/bin/true', [], { stdio: 'ignore' }).on('exit', done));
    }
  };
  const since = process.hrtime.bigint();
  await Promise.all(Array.from({ length: inFlight }, worker));
  console.log(count / seconds(since));
}

// A string as JSON where it is small, bytes by the structured clone where they are large: the faster of the two.
function echo(metric, size, count, inFlight) {
  const large = size > 4096;
  const message = large ? Buffer.alloc(size, 1) : 'x'.repeat(size);
  const child = fork(__filename, ['child'], { serialization: large ? 'advanced' : 'json' });
  const warmUp = large ? 1000 : 150000;
  let sent = 0;
  let received = 0;
  let since;
  const times = [];
  let sentAt;
  const send = () => {
    sent++;
    sentAt = process.hrtime.bigint();
    child.send(message);
  };
  child.on('message', () => {
    received++;
    if (metric === 'roundTrip' && received > warmUp) {
      times.push(Number(process.hrtime.bigint() - sentAt) / 1000);
    }
    if (received === warmUp) {
      since = process.hrtime.bigint();
    }
    if (received === warmUp + count) {
      times.sort((a, b) => a - b);
      console.log(metric === 'roundTrip' ? times[times.length >> 1] : count / seconds(since));
      child.disconnect();
    } else if (sent < warmUp + count) {
      send();
    }
  });
  for (let i = 0; i < (metric === 'roundTrip' ? 1 : inFlight); i++) {
    send();
  }
}
