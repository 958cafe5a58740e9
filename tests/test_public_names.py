"""What users call keeps its name, its place and its parameters."""

from __future__ import annotations

import ast
import importlib
import inspect
from typing import Any

import pytest

import mlrun

# Module (or class): what can be imported from it (or called on it).
NAMES = """
mlrun: new_function code_to_function import_function import_function_to_dict function_to_module new_task
mlrun: NewTask RunTemplate RunObject HyperParamOptions run_local get_or_create_ctx wait_for_runs_completion
mlrun: MLClientCtx DataItem get_dataitem get_object download_object get_run_db mlconf set_environment
mlrun: set_env_from_file get_secret_or_env get_version __version__ handler LogHint
mlrun.run: new_function code_to_function import_function import_function_to_dict function_to_module new_task
mlrun.run: NewTask RunTemplate RunObject run_local get_or_create_ctx wait_for_runs_completion get_dataitem
mlrun.run: get_object download_object
mlrun.model: ModelObj RunTemplate RunObject HyperParamOptions RunMetadata RunSpec RunStatus new_task
mlrun.model: Notification
mlrun.execution: MLClientCtx
mlrun: VolumeMount mount_v3io v3io_cred auto_mount
mlrun.runtimes: BaseRuntime HandlerRuntime LocalRuntime KubejobRuntime
mlrun.runtimes.KubejobRuntime: with_limits with_requests gpus with_node_selection with_priority_class
mlrun.runtimes.KubejobRuntime: with_preemption_mode with_security_context set_state_thresholds
mlrun.runtimes.KubejobRuntime: set_image_pull_configuration set_env_from_secret with_annotations get_env
mlrun.runtimes.KubejobRuntime: is_env_exists
mlrun.runtimes: Spark3Runtime RemoteSparkRuntime
mlrun.runtimes.Spark3Runtime: with_driver_requests with_driver_limits with_executor_requests
mlrun.runtimes.Spark3Runtime: with_executor_limits with_cores with_dynamic_allocation with_restart_policy
mlrun.runtimes.Spark3Runtime: with_node_selection with_driver_node_selection with_executor_node_selection
mlrun.runtimes.Spark3Runtime: with_preemption_mode with_driver_preemption_mode with_executor_preemption_mode
mlrun.runtimes.Spark3Runtime: with_driver_host_path_volume with_executor_host_path_volume with_igz_spark
mlrun.runtimes.Spark3Runtime: deploy_default_image
mlrun.runtimes.RemoteSparkRuntime: with_spark_service
mlrun.runtimes.mounts: VolumeMount mount_v3io v3io_cred auto_mount mount_pvc mount_secret mount_configmap
mlrun.runtimes.mounts: mount_hostpath mount_s3 set_env_variables
mlrun.platforms: VolumeMount mount_v3io v3io_cred auto_mount mount_pvc mount_secret mount_configmap
mlrun.platforms: mount_hostpath mount_s3 set_env_variables
mlrun.datastore: DataItem get_dataitem
mlrun.packagers: Packager DefaultPackager LogHint add_custom_packager get_custom_packagers
mlrun.packagers: remove_custom_packager pack unpack
mlrun.datastore.datastore_profile: DatastoreProfile DatastoreProfileBasic ConfigProfile DatastoreProfileS3
mlrun.datastore.datastore_profile: DatastoreProfileGCS DatastoreProfileAzureBlob DatastoreProfileRedis
mlrun.datastore.datastore_profile: DatastoreProfileDBFS DatastoreProfileHdfs DatastoreProfileV3io
mlrun.datastore.datastore_profile: DatastoreProfileKafkaStream DatastoreProfileRabbitMQ
mlrun.datastore.datastore_profile: DatastoreProfilePostgreSQL OpenAIProfile HuggingFaceProfile
mlrun.datastore.datastore_profile: DatastoreProfile2Json TemporaryClientDatastoreProfiles
mlrun.datastore.datastore_profile: register_temporary_client_datastore_profile datastore_profile_read
mlrun.datastore.datastore_profile: remove_temporary_client_datastore_profile
mlrun.db: get_run_db RunDB
mlrun.config: config mlconf
mlrun.artifacts: Artifact DatasetArtifact ModelArtifact PlotArtifact PlotlyArtifact ChartArtifact
mlrun.artifacts: TableArtifact DirArtifact LinkArtifact get_model update_model
mlrun.errors: MLRunBaseError MLRunHTTPError MLRunHTTPStatusError MLRunBadRequestError
mlrun.errors: MLRunInvalidArgumentError MLRunInvalidArgumentTypeError MLRunIncompatibleVersionError
mlrun.errors: MLRunUnauthorizedError MLRunTimeoutError MLRunAccessDeniedError MLRunNotFoundError
mlrun.errors: MLRunMethodNotAllowedError MLRunConflictError MLRunPreconditionFailedError
mlrun.errors: MLRunUnprocessableEntityError MLRunInternalServerError MLRunRuntimeError
mlrun.errors: MLRunNotImplementedServerError MLRunMissingDependencyError MLRunServiceUnavailableError
mlrun.errors: MLRunTaskNotReady MLRunTaskNotReadyError err_for_status_code err_to_str
mlrun.RunTemplate: with_params with_input with_hyper_params with_hyper_param with_param_file with_secrets
mlrun.RunTemplate: set_label to_env to_dict to_yaml to_json copy from_dict metadata spec
mlrun.RunObject: uid state show outputs output artifact logs wait_for_completion refresh abort to_dict
mlrun.RunObject: to_yaml to_json status metadata spec error ui_url create_uri parse_uri
mlrun.MLClientCtx: uid tag state iteration project logger log_level parameters inputs results artifacts
mlrun.MLClientCtx: in_path out_path artifact_path labels annotations node_selector get_param get_input
mlrun.MLClientCtx: get_secret log_result log_results log_metric log_metrics log_artifact log_dataset
mlrun.MLClientCtx: log_model set_label set_annotation commit set_state set_hostname artifact_subpath
mlrun.MLClientCtx: get_meta get_dataitem get_store_resource get_cached_artifact update_artifact
mlrun.MLClientCtx: log_iteration_results get_notifications is_logging_worker store_run to_dict to_yaml
mlrun.MLClientCtx: to_json from_dict get_child_context update_child_iterations mark_as_best
mlrun.DataItem: key suffix store kind meta artifact_url url get download put delete upload stat open ls
mlrun.DataItem: listdir local remove_local as_df show get_artifact_type
mlrun.artifacts.Artifact: to_dataitem export uri get_target_path get_body lineage
mlrun.artifacts.ChartArtifact: add_row
mlrun.runtimes.BaseRuntime: run save export doc with_code apply set_label set_categories to_dict to_yaml
mlrun.runtimes.BaseRuntime: to_json to_str from_dict copy uri set_env set_envs metadata spec status
mlrun.db.RunDB: connect store_run update_run read_run list_runs del_run del_runs abort_run store_log get_log
mlrun.db.RunDB: watch_log get_log_size store_artifact read_artifact list_artifacts del_artifact
mlrun.db.RunDB: list_lineage del_artifacts list_artifact_tags tag_artifacts delete_artifacts_tags tag_objects
mlrun.db.RunDB: delete_objects_tag store_function get_function list_functions delete_function create_project
mlrun.db.RunDB: store_project get_project list_projects delete_project
"""

# As published. A parameter of our own may stand after these, nothing before or between them; what has to be
# given there may have a default here.
SIGNATURES = """
mlrun.new_function(name='', project='', tag='', kind='', command='', image='', args=None, runtime=None,
    mode=None, handler=None, source=None, requirements=None, kfp=None, requirements_file='')
mlrun.code_to_function(name='', project='', tag='', filename='', handler='', kind='', image=None,
    code_output='', embed_code=True, description='', requirements=None, categories=None, labels=None,
    with_doc=True, ignored_tags=None, requirements_file='')
mlrun.import_function(url='', secrets=None, db='', project=None, new_name=None)
mlrun.import_function_to_dict(url, secrets=None)
mlrun.function_to_module(code='', workdir=None, secrets=None, silent=False)
mlrun.new_task(name=None, project=None, handler=None, params=None, hyper_params=None, param_file=None,
    selector=None, hyper_param_options=None, inputs=None, outputs=None, in_path=None, out_path=None,
    artifact_path=None, secrets=None, base=None, returns=None)
mlrun.run_local(task=None, command='', name='', args=None, workdir=None, project='', tag='', secrets=None,
    handler=None, params=None, inputs=None, artifact_path='')
mlrun.handler(labels=None, outputs=None, inputs=True)
mlrun.get_or_create_ctx(name, event=None, spec=None, with_env=True, rundb='', project='',
    upload_artifacts=False, labels=None)
mlrun.wait_for_runs_completion(runs, sleep=3, timeout=0, silent=False)
mlrun.get_run_db(url='', secrets=None, force_reconnect=False)
mlrun.get_dataitem(url, secrets=None, db=None)
mlrun.get_object(url, secrets=None, size=None, offset=0, db=None)
mlrun.download_object(url, target, secrets=None)
mlrun.set_environment(api_path=None, artifact_path='', access_key=None, username=None, env_file=None,
    mock_functions=None)
mlrun.set_env_from_file(env_file, return_dict=False)
mlrun.get_secret_or_env(key, secret_provider=None, default=None, prefix=None)
mlrun.get_version()
mlrun.runtimes.BaseRuntime.run(self, runspec=None, handler=None, name='', project='', params=None,
    inputs=None, out_path='', workdir='', artifact_path='', watch=True, schedule=None, hyperparams=None,
    hyper_param_options=None, verbose=None, scrape_metrics=None, local=False, local_code_path=None,
    auto_build=None, param_file_secrets=None, notifications=None, returns=None, state_thresholds=None,
    reset_on_run=None)
mlrun.runtimes.BaseRuntime.save(self, tag='', versioned=False, refresh=False)
mlrun.runtimes.BaseRuntime.export(self, target='', format='.yaml', secrets=None, strip=True)
mlrun.runtimes.BaseRuntime.with_code(self, from_file='', body=None, with_doc=True)
mlrun.runtimes.BaseRuntime.set_env(self, name, value=None, value_from=None)
mlrun.runtimes.BaseRuntime.set_envs(self, env_vars=None, file_path=None)
mlrun.runtimes.BaseRuntime.set_label(self, key, value)
mlrun.RunTemplate.with_input(self, key, path)
mlrun.RunTemplate.with_hyper_params(self, hyperparams, selector=None, strategy=None)
mlrun.RunTemplate.with_param_file(self, param_file, selector=None, strategy=None)
mlrun.RunTemplate.with_secrets(self, kind, source)
mlrun.RunTemplate.set_label(self, key, value)
mlrun.runtimes.KubejobRuntime.with_limits(self, mem=None, cpu=None, gpus=None, gpu_type='nvidia.com/gpu',
    patch=False)
mlrun.runtimes.KubejobRuntime.with_requests(self, mem=None, cpu=None, patch=False)
mlrun.runtimes.KubejobRuntime.with_node_selection(self, node_name=None, node_selector=None, affinity=None,
    tolerations=None)
mlrun.runtimes.KubejobRuntime.with_priority_class(self, name=None)
mlrun.runtimes.KubejobRuntime.with_preemption_mode(self, mode)
mlrun.runtimes.KubejobRuntime.with_security_context(self, security_context)
mlrun.runtimes.KubejobRuntime.set_state_thresholds(self, state_thresholds, patch=True)
mlrun.runtimes.KubejobRuntime.set_image_pull_configuration(self, image_pull_policy=None,
    image_pull_secret_name=None)
mlrun.runtimes.KubejobRuntime.set_env_from_secret(self, name, secret=None, secret_key=None)
mlrun.runtimes.mounts.mount_pvc(pvc_name=None, volume_name='pipeline', volume_mount_path='/mnt/pipeline')
mlrun.runtimes.mounts.auto_mount(pvc_name='', volume_mount_path='', volume_name=None)
mlrun.runtimes.mounts.mount_secret(secret_name, mount_path, volume_name='secret', items=None)
mlrun.runtimes.mounts.mount_configmap(configmap_name, mount_path, volume_name='configmap', items=None)
mlrun.runtimes.mounts.mount_hostpath(host_path, mount_path, volume_name='hostpath')
mlrun.runtimes.mounts.mount_s3(secret_name=None, aws_access_key='', aws_secret_key='', endpoint_url=None,
    prefix='', aws_region=None, non_anonymous=False)
mlrun.runtimes.mounts.mount_v3io(name='v3io', remote='', access_key='', user='', secret=None,
    volume_mounts=None)
mlrun.runtimes.mounts.v3io_cred(api='', user='', access_key='')
mlrun.runtimes.mounts.set_env_variables(env_vars_dict=None)
mlrun.RunObject.output(self, key)
mlrun.RunObject.artifact(self, key)
mlrun.RunObject.logs(self, watch=True, db=None, offset=0)
mlrun.RunObject.wait_for_completion(self, sleep=3, timeout=0, raise_on_failure=True, show_logs=None,
    logs_interval=None)
mlrun.RunObject.create_uri(project, uid, iteration, tag='')
mlrun.RunObject.parse_uri(uri)
mlrun.MLClientCtx.get_param(self, key, default=None)
mlrun.MLClientCtx.get_input(self, key, url='')
mlrun.MLClientCtx.get_secret(self, key)
mlrun.MLClientCtx.log_result(self, key, value, commit=False)
mlrun.MLClientCtx.log_results(self, results, commit=False)
mlrun.MLClientCtx.log_metric(self, key, value, timestamp=None, labels=None)
mlrun.MLClientCtx.log_metrics(self, keyvals, timestamp=None, labels=None)
mlrun.MLClientCtx.log_iteration_results(self, best, summary, task, commit=False)
mlrun.MLClientCtx.log_artifact(self, item, body=None, local_path=None, artifact_path=None, tag='',
    viewer=None, target_path='', src_path=None, upload=None, labels=None, format=None, db_key=None)
mlrun.MLClientCtx.log_dataset(self, key, df, tag='', local_path=None, artifact_path=None, upload=True,
    labels=None, format='', preview=None, stats=None, db_key=None, target_path='', extra_data=None,
    label_column=None)
mlrun.MLClientCtx.log_model(self, key, body=None, framework='', tag='', model_dir=None, model_file=None,
    algorithm=None, metrics=None, parameters=None, artifact_path=None, upload=True, labels=None,
    inputs=None, outputs=None, feature_vector=None, feature_weights=None, training_set=None,
    label_column=None, extra_data=None, db_key=None)
mlrun.MLClientCtx.set_label(self, key, value, replace=True)
mlrun.MLClientCtx.set_annotation(self, key, value, replace=True)
mlrun.MLClientCtx.commit(self, message='', completed=False)
mlrun.MLClientCtx.set_state(self, execution_state=None, error=None, commit=True)
mlrun.MLClientCtx.set_hostname(self, host)
mlrun.MLClientCtx.get_child_context(self, with_parent_params=False)
mlrun.MLClientCtx.update_child_iterations(self, best_run=0, commit_children=False, completed=True)
mlrun.DataItem.get(self, size=None, offset=0, encoding=None)
mlrun.DataItem.put(self, data, append=False)
mlrun.DataItem.download(self, target_path)
mlrun.DataItem.upload(self, src_path)
mlrun.DataItem.as_df(self, columns=None, df_module=None, format='', time_column=None, start_time=None,
    end_time=None, additional_filters=None)
mlrun.DataItem.show(self, format=None)
mlrun.artifacts.ChartArtifact(key=None, data=None, header=None, options=None, title=None, chart=None,
    target_path=None)
mlrun.artifacts.PlotArtifact(key=None, body=None, is_inline=False, target_path=None, title=None)
mlrun.artifacts.PlotlyArtifact(figure=None, key=None, target_path=None)
mlrun.artifacts.TableArtifact(key=None, body=None, df=None, viewer=None, visible=False, inline=False,
    format=None, header=None, schema=None)
mlrun.artifacts.DatasetArtifact(key=None, df=None, preview=None, format='', stats=None, target_path=None,
    extra_data=None, column_metadata=None, ignore_preview_limits=False, label_column=None)
mlrun.artifacts.get_model(model_dir=None, suffix='')
mlrun.artifacts.update_model(model_artifact, parameters=None, metrics=None, extra_data=None, inputs=None,
    outputs=None, feature_vector=None, feature_weights=None, key_prefix='', labels=None,
    write_spec_copy=True, store_object=True)
mlrun.artifacts.Artifact.export(self, target_path, with_extras=True)
mlrun.db.RunDB.connect(self, secrets=None)
mlrun.db.RunDB.store_run(self, struct, uid, project='', iter=0)
mlrun.db.RunDB.update_run(self, updates, uid, project='', iter=0)
mlrun.db.RunDB.read_run(self, uid, project='', iter=0)
mlrun.db.RunDB.del_run(self, uid, project='', iter=0)
mlrun.db.RunDB.del_runs(self, name='', project='', labels=None, state=None, days_ago=0)
mlrun.db.RunDB.get_log(self, uid, project='', offset=0, size=0)
mlrun.db.RunDB.watch_log(self, uid, project='', watch=True, offset=0)
mlrun.db.RunDB.delete_function(self, name, project='')
"""


def rows() -> list[tuple[str, str]]:
    pairs = (line.split(": ") for line in NAMES.strip().splitlines())
    return [(owner, name) for owner, names in pairs for name in names.split()]


def signatures() -> list[str]:
    return SIGNATURES.replace("\n   ", "").strip().splitlines()


def find(path: str) -> Any:
    """The object of a dotted path, of which as much as can be is a module."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise LookupError(path)


def published(line: str) -> list[tuple[str, Any]]:
    """Name and default of each parameter; what is required has ``inspect.Parameter.empty``."""
    definition = ast.parse(f"def _({line.partition('(')[2]}: pass").body[0]
    assert isinstance(definition, ast.FunctionDef)
    names = [argument.arg for argument in definition.args.args]
    defaults = [ast.literal_eval(value) for value in definition.args.defaults]
    return list(zip(names, [inspect.Parameter.empty] * (len(names) - len(defaults)) + defaults))


@pytest.mark.parametrize(("owner", "name"), rows())
def test_a_public_name_is_where_users_look_for_it(owner: str, name: str) -> None:
    place = find(owner)

    # Fields of a record are attributes of its instances only.
    assert hasattr(place, name) or name in getattr(place, "__annotations__", {}), f"{owner}.{name}"


@pytest.mark.parametrize("line", signatures(), ids=lambda line: line.partition("(")[0])
def test_parameters_are_the_published_ones(line: str) -> None:
    parameters = list(inspect.signature(find(line.partition("(")[0])).parameters.values())

    want = published(line)
    ours = [
        (parameter.name, default if default is parameter.empty else parameter.default)
        for parameter, (_, default) in zip(parameters, want)
    ]

    assert ours == want


def test_a_public_name_is_one_object_wherever_it_stands() -> None:
    places: dict[str, set[int]] = {}
    for owner, name in rows():
        if owner.removeprefix("mlrun.").islower() and name != "config":
            places.setdefault(name, set()).add(id(getattr(find(owner), name)))

    assert not [name for name, objects in places.items() if len(objects) > 1]


def test_the_package_lists_its_public_names() -> None:
    names = {name for owner, name in rows() if owner == "mlrun"}

    assert names <= set(dir(mlrun))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="new_functoin"):
        getattr(mlrun, "new_functoin")  # noqa: B009 a plain attribute is an error of the type checker
