// Validates each object of the given files by the model of its kind.
import fs from 'node:fs';

import {ConfigMap} from 'kubernetes-models/v1/ConfigMap';
import {DaemonSet} from 'kubernetes-models/apps/v1/DaemonSet';
import {Deployment} from 'kubernetes-models/apps/v1/Deployment';
import {PodMonitor} from
    '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import {ServiceAccount} from 'kubernetes-models/v1/ServiceAccount';
import {parseAllDocuments} from 'yaml';

const MODELS = {ConfigMap, DaemonSet, Deployment, PodMonitor, ServiceAccount};

function problem(object) {
  const Model = MODELS[object.kind];
  if (!Model) return `no model for ${object.kind}`;
  try {
    new Model(object).validate();
  } catch (error) {
    return error.message;
  }
  return null;
}

let failed = 0;
for (const file of process.argv.slice(2)) {
  const objects = parseAllDocuments(fs.readFileSync(file, 'utf8'))
      .map((document) => document.toJSON()).filter(Boolean);
  if (!objects.length) throw new Error(`${file} is empty`);
  for (const object of objects) {
    const found = problem(object);
    if (found) failed += 1;
    console.log(`${file}: ${object.kind} ${object.metadata.name}: ` +
                (found ?? 'ok'));
  }
}
process.exit(failed ? 1 : 0);
