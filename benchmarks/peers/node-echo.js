// What runs in the workers: piscina's are threads and take the function, workerpool's are processes and are told.
const { isMainThread } = require('node:worker_threads');

module.exports = (message) => message;

if (isMainThread) {
  require('workerpool').worker({ echo: module.exports });
}
