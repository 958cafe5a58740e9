from mlrun.settings.setting import Setting


def test_a_setting_has_a_variable_of_its_name():
    assert Setting("httpdb.http.timeout", "float", 10.0, "").env == "MLRUN_HTTPDB__HTTP__TIMEOUT"
