// Draws a dashboard's panels with Grafana's own components, from what a
// Prometheus answers to their queries. `render` bundles this, opens it in a
// browser and reads the lines that begin with `render:` from its console.
import {
  applyFieldOverrides, cacheFieldDisplayNames, createTheme, DataFrame,
  dateTime, Field, FieldConfigSource, FieldType, getFieldDisplayValues,
  Registry, standardTransformers, standardTransformersRegistry, ThemeContext,
  TimeRange, transformDataFrame,
} from '@grafana/data';
import { BigValue, GlobalStyles, PanelChrome, TimeSeries } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { firstValueFrom } from 'rxjs';

interface Target { expr: string; format?: string; legendFormat: string }
interface Panel {
  type: string; title: string; description: string;
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig: FieldConfigSource; options: any; targets: Target[];
  transformations?: any[];
}
/** What `render` writes into the page. */
interface Input {
  dashboard: { panels: Panel[] }; prometheus: string;
  target: string; width: number; rows: number;
}

const HOURS = 6;
const STEP_SECONDS = 60;
const MARGIN = 8;  // Grafana's grid: rows of 30 pixels, 8 between them.
const ROW_HEIGHT = 30;
const COLUMNS = 24;

const input: Input = (window as any).input;
const theme = createTheme({ typography: { fontFamily: 'Inter, sans-serif' } });
const end = Math.floor(Date.now() / 1000);
const from = dateTime((end - HOURS * 3600) * 1000);
const to = dateTime(end * 1000);
const timeRange: TimeRange = { from, to, raw: { from, to } };

const variables: Record<string, string> = {
  $job: '.+', $instance: '.+', $target: input.target,
  $__rate_interval: '2m', $__range: `${HOURS}h`,
};

function filledIn(expression: string): string {
  return expression.replace(/\$\w+/g, (name) => variables[name] ?? name);
}

/** Grafana's panels register which settings a field may have; here each is
 * taken as the dashboard has it. */
const settings = new Registry<any>(() => [
  ...['unit', 'min', 'max', 'mappings', 'thresholds', 'color', 'links'].map(
    (path) => ({ path, isCustom: false })),
  ...['align', 'axisPlacement', 'axisSoftMax', 'cellOptions', 'drawStyle',
    'fillOpacity', 'filterable', 'inspect', 'lineStyle', 'lineWidth',
    'showPoints', 'spanNulls', 'stacking', 'thresholdsStyle', 'width'].map(
    (path) => ({ path, isCustom: true })),
].map(({ path, isCustom }) => ({
  id: isCustom ? `custom.${path}` : path, name: path, path, isCustom,
  process: (value: unknown) => value, shouldApply: () => true,
})));
standardTransformersRegistry.setInit(() => [
  standardTransformers.organizeFieldsTransformer,
].map((transformation) => ({
  id: transformation.id, name: transformation.name, transformation,
}) as any));

async function ask(panel: Panel, target: Target): Promise<any[]> {
  const instant = target.format === 'table';
  const query = new URLSearchParams({
    query: filledIn(target.expr), ...(instant
      ? { time: `${end}` }
      : { start: `${end - HOURS * 3600}`, end: `${end}`,
          step: `${STEP_SECONDS}` }),
  });
  const response = await fetch(
    `${input.prometheus}/api/v1/query${instant ? '' : '_range'}?${query}`);
  const answer = await response.json();
  if (answer.status !== 'success') {
    throw new Error(`${panel.title}: ${answer.error}`);
  }
  if (answer.data.result.length === 0) {
    console.log(`render: empty: ${panel.title}: ${filledIn(target.expr)}`);
  }
  return answer.data.result;
}

function numbers(values: any[], labels: any, legend: string): Field {
  const name = legend.replace(/\{\{(\w+)\}\}/g,
    (_, label) => labels[label] ?? '');
  return {
    name: 'Value', type: FieldType.number, labels,
    config: name === '' ? {} : { displayNameFromDS: name },
    values: values.map(([, value]) => Number(value)),
  };
}

function times(values: any[]): Field {
  return {
    name: 'Time', type: FieldType.time, config: {},
    values: values.map(([time]) => time * 1000),
  };
}

function seriesFrames(target: Target, result: any[]): DataFrame[] {
  return result.map(({ metric, values }) => ({
    length: values.length,
    fields: [times(values), numbers(values, metric, target.legendFormat)],
  }));
}

function tableFrame(result: any[]): DataFrame {
  const samples = result.map(({ value }) => value);
  const names = new Set(result.flatMap(({ metric }) => Object.keys(metric)));
  const labels: Field[] = [...names].sort().map((name) => ({
    name, type: FieldType.string, config: {},
    values: result.map(({ metric }) => metric[name] ?? ''),
  }));
  return {
    length: result.length,
    fields: [times(samples), ...labels, numbers(samples, {}, '')],
  };
}

async function frames(panel: Panel): Promise<DataFrame[]> {
  const answers = await Promise.all(panel.targets.map(async (target) => {
    const result = await ask(panel, target);
    return target.format === 'table' ? [tableFrame(result)]
      : seriesFrames(target, result);
  }));
  const transformed = await firstValueFrom(transformDataFrame(
    panel.transformations ?? [], answers.flat()));
  const data = applyFieldOverrides({
    data: transformed, fieldConfig: panel.fieldConfig, theme, timeZone: 'utc',
    fieldConfigRegistry: settings, replaceVariables: (text) => text,
  });
  cacheFieldDisplayNames(data);
  return data;
}

type Component = (panel: Panel, data: DataFrame[], width: number,
                  height: number) => ReactNode;

const stat: Component = ({ fieldConfig, options }, data, width, height) => {
  const [first] = getFieldDisplayValues({
    fieldConfig, reduceOptions: options.reduceOptions,
    replaceVariables: (text) => text, theme, data, timeZone: 'utc',
    sparkline: options.graphMode !== 'none',
  });
  return <BigValue theme={theme} width={width} height={height} count={1}
    value={first.display} sparkline={first.sparkline}
    colorMode={options.colorMode} graphMode={options.graphMode}
    justifyMode={options.justifyMode} textMode={options.textMode} />;
};

const timeseries: Component = ({ options }, frames, width, height) =>
  <TimeSeries frames={frames} timeRange={timeRange} timeZone="utc"
    width={width} height={height} legend={options.legend} options={options} />;

const table: Component = ({ fieldConfig, options }, [data], width, height) =>
  <TableNG data={data} width={width} height={height} fieldConfig={fieldConfig}
    cellHeight={options.cellHeight} initialSortBy={options.sortBy}
    enableVirtualization={false} />;

const components: Record<string, Component> = { stat, timeseries, table };

function place({ x, y, w, h }: Panel['gridPos']) {
  const column = (input.width - MARGIN * (COLUMNS + 1)) / COLUMNS;
  return {
    left: MARGIN + x * (column + MARGIN),
    top: MARGIN + y * (ROW_HEIGHT + MARGIN),
    width: w * column + (w - 1) * MARGIN,
    height: h * ROW_HEIGHT + (h - 1) * MARGIN,
  };
}

async function draw(panel: Panel): Promise<ReactNode> {
  const box = place(panel.gridPos);
  if (panel.type === 'row') {
    return <h5 style={{ position: 'absolute', ...box, lineHeight: '30px' }}>
      {panel.title}
    </h5>;
  }
  const component = components[panel.type];
  if (component === undefined) {
    throw new Error(`${panel.title}: no component draws ${panel.type}`);
  }
  const data = await frames(panel);
  return <div style={{ position: 'absolute', ...box }}>
    <PanelChrome title={panel.title} width={box.width} height={box.height}
      padding={panel.type === 'table' ? 'none' : 'md'}>
      {(width, height) => component(panel, data, width, height)}
    </PanelChrome>
  </div>;
}

async function main() {
  const shown = input.dashboard.panels.filter(
    ({ gridPos }) => gridPos.y + gridPos.h <= input.rows);
  const drawn = await Promise.all(shown.map(draw));
  createRoot(document.getElementById('root')!).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      {drawn.map((panel, index) => <div key={index}>{panel}</div>)}
    </ThemeContext.Provider>);
  console.log(`render: drawn: ${shown.length} panels`);
}

// A component's own error comes after main() has ended.
window.addEventListener('error', ({ message }) =>
  console.log(`render: failed: ${message}`));
main().catch(({ message }) => console.log(`render: failed: ${message}`));
