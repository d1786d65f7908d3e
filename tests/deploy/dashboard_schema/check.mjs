// Builds JSON schemas from @grafana/schema's generated types and applies them.
import fs from 'node:fs';
import path from 'node:path';

import Ajv from 'ajv';
import {createGenerator} from 'ts-json-schema-generator';

const RAW = 'node_modules/@grafana/schema/dist/types/raw';
const ajv = new Ajv({allErrors: true, strict: false});

fs.writeFileSync('tsconfig.json', JSON.stringify({
  compilerOptions: {module: 'esnext', moduleResolution: 'node',
                    skipLibCheck: true, strict: true, target: 'es2020'},
}));

function schemaOf(file, type) {
  return createGenerator({path: path.join(RAW, file), type,
                          tsconfig: 'tsconfig.json', skipTypeCheck: true})
      .createSchema(type);
}

function dashboardValidator() {
  const schema = schemaOf('dashboard/x/types.gen.d.ts', 'Dashboard');
  // Written for the -- Grafana -- source only; its own comment says that a
  // source's query belongs here, which is what Prometheus needs.
  schema.definitions.AnnotationTarget = {type: 'object'};
  return ajv.compile(schema);
}

const panelValidators = new Map();

/// Panel types without field options of their own have no FieldConfig.
function panelValidator(type, part) {
  const key = `${type} ${part}`;
  if (!panelValidators.has(key)) {
    const file = `composable/${type.replace('-', '')}/panelcfg/x/types.gen.d.ts`;
    const exists = fs.readFileSync(path.join(RAW, file), 'utf8')
        .match(new RegExp(`(interface|type) ${part}\\b`));
    panelValidators.set(key, exists ? ajv.compile(schemaOf(file, part)) : null);
  }
  return panelValidators.get(key);
}

/// Grafana's generated option types require what Grafana fills in by itself.
const missing = (error) => error.keyword === 'required';

function* problems(validator, value, where) {
  if (validator && !validator(value)) {
    for (const error of validator.errors.filter((e) => !missing(e))) {
      yield `${where}${error.instancePath} ${error.message} ` +
          JSON.stringify(error.params);
    }
  }
}

function* dashboardProblems(validate, dashboard) {
  if (!validate(dashboard)) {
    for (const error of validate.errors) {
      yield `${error.instancePath} ${error.message} ` +
          JSON.stringify(error.params);
    }
  }
  for (const panel of dashboard.panels.filter((p) => p.type !== 'row')) {
    const where = `panel "${panel.title}": `;
    yield* problems(panelValidator(panel.type, 'Options'), panel.options,
                    `${where}options`);
    yield* problems(panelValidator(panel.type, 'FieldConfig'),
                    panel.fieldConfig.defaults.custom, `${where}custom`);
  }
}

const validate = dashboardValidator();
let failed = 0;
for (const file of process.argv.slice(2)) {
  const found = [...dashboardProblems(validate,
                                      JSON.parse(fs.readFileSync(file)))];
  failed += found.length;
  console.log(`${path.basename(file)}: ${found.length || 'no'} problems`);
  found.forEach((problem) => console.log(`  ${problem}`));
}
process.exit(failed ? 1 : 0);
