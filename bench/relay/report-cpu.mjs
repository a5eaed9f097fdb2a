// Preloaded into an execution environment: answers what CPU it has used, whenever it is asked.
process.on('message', () => process.send(process.cpuUsage()));
process.channel.unref();
